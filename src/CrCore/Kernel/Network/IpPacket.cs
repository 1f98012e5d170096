using System.Buffers.Binary;

namespace CrCore.Kernel;

/// <summary>IP packets as bytes on the wire, header included (RFC 791, RFC 8200), with the checksum that their contents have.</summary>
internal static class IpPacket
{
    private const int V4Size = 20, V6Size = 40;
    private const byte Lifetime = 64;

    /// <summary>An empty packet with its header.</summary>
    /// <param name="source">4 or 16 bytes.</param>
    /// <param name="destination">As many.</param>
    /// <param name="length">Bytes behind the header.</param>
    /// <param name="contents">Where in the packet these begin.</param>
    public static byte[] Begin(ReadOnlySpan<byte> source, ReadOnlySpan<byte> destination, byte protocol, int length, out int contents)
    {
        var v6 = source.Length == 16;
        contents = v6 ? V6Size : V4Size;
        var packet = new byte[contents + length];
        if (v6)
            WriteV6(packet, source, destination, protocol, length);
        else
            WriteV4(packet, source, destination, protocol, length);
        return packet;
    }

    /// <summary>The checksum over contents (their own field 0) and the pseudo-header: addresses, protocol, length.</summary>
    public static ushort Checksum(ReadOnlySpan<byte> source, ReadOnlySpan<byte> destination, byte protocol, ReadOnlySpan<byte> contents)
        => Fold(Sum(source) + Sum(destination) + protocol + (uint)contents.Length + Sum(contents));

    private static void WriteV4(Span<byte> ip, ReadOnlySpan<byte> source, ReadOnlySpan<byte> destination, byte protocol, int length)
    {
        ip[0] = 0x40 | V4Size / 4;
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)(V4Size + length));
        ip[8] = Lifetime;
        ip[9] = protocol;
        source.CopyTo(ip[12..]);
        destination.CopyTo(ip[16..]);
        BinaryPrimitives.WriteUInt16BigEndian(ip[10..], Fold(Sum(ip[..V4Size])));
    }

    private static void WriteV6(Span<byte> ip, ReadOnlySpan<byte> source, ReadOnlySpan<byte> destination, byte protocol, int length)
    {
        ip[0] = 0x60;
        BinaryPrimitives.WriteUInt16BigEndian(ip[4..], (ushort)length);
        ip[6] = protocol;
        ip[7] = Lifetime;
        source.CopyTo(ip[8..]);
        destination.CopyTo(ip[24..]);
    }

    private static ulong Sum(ReadOnlySpan<byte> bytes)
    {
        var sum = 0ul;
        for (; bytes.Length > 1; bytes = bytes[2..])
            sum += BinaryPrimitives.ReadUInt16BigEndian(bytes);
        return bytes.Length == 0 ? sum : sum + ((ulong)bytes[0] << 8);
    }

    private static ushort Fold(ulong sum)
    {
        while (sum >> 16 != 0)
            sum = (sum & 0xffff) + (sum >> 16);
        return (ushort)~sum;
    }
}
