using System.Buffers.Binary;

namespace CrCore.Kernel;

/// <summary>
/// A TCP segment without data as bytes on the wire, its IP header included: what the other end of a connection would have
/// sent (RFC 9293).
/// </summary>
internal static class TcpSegment
{
    public const byte Fin = 1, Reset = 4, Acknowledge = 0x10;

    private const int TcpSize = 20;

    /// <param name="source">4 or 16 bytes.</param>
    /// <param name="destination">As many.</param>
    public static byte[] Build(ReadOnlySpan<byte> source, ushort sourcePort, ReadOnlySpan<byte> destination, ushort destinationPort, uint sequence, uint acknowledged, byte flags, ushort window)
    {
        var packet = IpPacket.Begin(source, destination, InetProtocol.Tcp, TcpSize, out var contents);
        var tcp = packet.AsSpan(contents);
        BinaryPrimitives.WriteUInt16BigEndian(tcp, sourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(tcp[2..], destinationPort);
        BinaryPrimitives.WriteUInt32BigEndian(tcp[4..], sequence);
        BinaryPrimitives.WriteUInt32BigEndian(tcp[8..], acknowledged);
        tcp[12] = TcpSize / 4 << 4;
        tcp[13] = flags;
        BinaryPrimitives.WriteUInt16BigEndian(tcp[14..], window);
        BinaryPrimitives.WriteUInt16BigEndian(tcp[16..], IpPacket.Checksum(source, destination, InetProtocol.Tcp, tcp));
        return packet;
    }
}
