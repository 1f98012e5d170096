using System.Buffers.Binary;

namespace CrCore.Kernel;

/// <summary>
/// A TCP segment without data as bytes on the wire, its IP header included: what the other end of a connection would have
/// sent (RFC 9293, RFC 791, RFC 8200).
/// </summary>
internal static class TcpSegment
{
    public const byte Fin = 1, Reset = 4, Acknowledge = 0x10;

    private const int TcpSize = 20, V4Size = 20, V6Size = 40;
    private const byte Lifetime = 64;

    /// <param name="source">4 or 16 bytes.</param>
    /// <param name="destination">As many.</param>
    public static byte[] Build(ReadOnlySpan<byte> source, ushort sourcePort, ReadOnlySpan<byte> destination, ushort destinationPort, uint sequence, uint acknowledged, byte flags, ushort window)
    {
        var v6 = source.Length == 16;
        var packet = new byte[(v6 ? V6Size : V4Size) + TcpSize];
        var tcp = packet.AsSpan(v6 ? V6Size : V4Size);
        if (v6)
            WriteV6(packet, source, destination);
        else
            WriteV4(packet, source, destination);
        BinaryPrimitives.WriteUInt16BigEndian(tcp, sourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(tcp[2..], destinationPort);
        BinaryPrimitives.WriteUInt32BigEndian(tcp[4..], sequence);
        BinaryPrimitives.WriteUInt32BigEndian(tcp[8..], acknowledged);
        tcp[12] = TcpSize / 4 << 4;
        tcp[13] = flags;
        BinaryPrimitives.WriteUInt16BigEndian(tcp[14..], window);
        // The pseudo-header: addresses, protocol, length.
        var sum = Sum(source) + Sum(destination) + InetProtocol.Tcp + TcpSize;
        BinaryPrimitives.WriteUInt16BigEndian(tcp[16..], Fold(sum + Sum(tcp)));
        return packet;
    }

    private static void WriteV4(Span<byte> ip, ReadOnlySpan<byte> source, ReadOnlySpan<byte> destination)
    {
        ip[0] = 0x40 | V4Size / 4;
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], V4Size + TcpSize);
        ip[8] = Lifetime;
        ip[9] = InetProtocol.Tcp;
        source.CopyTo(ip[12..]);
        destination.CopyTo(ip[16..]);
        BinaryPrimitives.WriteUInt16BigEndian(ip[10..], Fold(Sum(ip[..V4Size])));
    }

    private static void WriteV6(Span<byte> ip, ReadOnlySpan<byte> source, ReadOnlySpan<byte> destination)
    {
        ip[0] = 0x60;
        BinaryPrimitives.WriteUInt16BigEndian(ip[4..], TcpSize);
        ip[6] = InetProtocol.Tcp;
        ip[7] = Lifetime;
        source.CopyTo(ip[8..]);
        destination.CopyTo(ip[24..]);
    }

    private static uint Sum(ReadOnlySpan<byte> bytes)
    {
        var sum = 0u;
        for (var i = 0; i + 1 < bytes.Length; i += 2)
            sum += BinaryPrimitives.ReadUInt16BigEndian(bytes[i..]);
        return sum;
    }

    private static ushort Fold(uint sum)
    {
        while (sum >> 16 != 0)
            sum = (sum & 0xffff) + (sum >> 16);
        return (ushort)~sum;
    }
}
