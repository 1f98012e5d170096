using System.Buffers.Binary;

namespace CrCore.Kernel;

/// <summary>A UDP datagram as bytes on the wire, its IP header included (RFC 768).</summary>
internal static class UdpDatagram
{
    private const int HeaderSize = 8;

    /// <summary>What fits: the lengths in both headers have 16 bits.</summary>
    public static int MaxBytes(bool v6) => ushort.MaxValue - HeaderSize - (v6 ? 0 : 20);

    /// <param name="source">4 or 16 bytes.</param>
    /// <param name="destination">As many.</param>
    public static byte[] Build(ReadOnlySpan<byte> source, ushort sourcePort, ReadOnlySpan<byte> destination, ushort destinationPort, ReadOnlySpan<byte> bytes)
    {
        var packet = IpPacket.Begin(source, destination, InetProtocol.Udp, HeaderSize + bytes.Length, out var contents);
        var udp = packet.AsSpan(contents);
        BinaryPrimitives.WriteUInt16BigEndian(udp, sourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(udp[2..], destinationPort);
        BinaryPrimitives.WriteUInt16BigEndian(udp[4..], (ushort)(HeaderSize + bytes.Length));
        bytes.CopyTo(udp[HeaderSize..]);
        var sum = IpPacket.Checksum(source, destination, InetProtocol.Udp, udp);
        // 0 says that there is none.
        BinaryPrimitives.WriteUInt16BigEndian(udp[6..], sum == 0 ? ushort.MaxValue : sum);
        return packet;
    }
}
