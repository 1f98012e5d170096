using System.Buffers.Binary;
using System.Net;
using CrCore.Image;

namespace CrCore.Objects.Sockets.Inet;

/// <summary>An address and port, as sockaddr_in and sockaddr_in6 hold them (ip(7), ipv6(7)).</summary>
/// <param name="IsV6">sockaddr_in6.</param>
/// <param name="High">The first 8 bytes of an IPv6 address, as a number in network order; else 0.</param>
/// <param name="Low">The last 8 bytes, or the 4 bytes of an IPv4 address.</param>
/// <param name="Port">In host order; 0 for none.</param>
/// <param name="FlowInfo">sin6_flowinfo, in host order.</param>
/// <param name="Scope">The interface's index of a link-local address.</param>
public readonly record struct InetAddress(bool IsV6, ulong High, ulong Low, ushort Port, uint FlowInfo, uint Scope)
{
    internal const int EncodedSize = 32;

    private const int V4 = 2, V6 = 10, V4Size = 16, V6Size = 28;
    private const ulong MappedPrefix = 0xffff_0000_0000;

    /// <summary>The wildcard address, without a port.</summary>
    public bool IsNothing => IsAny && Port == 0;

    /// <summary>0.0.0.0 or ::, whatever the port.</summary>
    public bool IsAny => High == 0 && Low == 0;

    /// <summary>An IPv4 address in IPv6's form (::ffff:0:0/96).</summary>
    public bool IsMapped => IsV6 && High == 0 && (Low & 0xffff_ffff_0000_0000) == MappedPrefix;

    /// <summary>224.0.0.0/4, ff00::/8.</summary>
    public bool IsMulticast => IsV6 && !IsMapped ? High >> 56 == 0xff : (Low >> 28 & 0xf) == 0xe;

    /// <summary>127.0.0.0/8, ::1.</summary>
    public bool IsLoopback => IsV6 && !IsMapped ? High == 0 && Low == 1 : (Low >> 24 & 0xff) == 127;

    /// <summary>What travels in packets: a mapped address is an IPv4 one there.</summary>
    /// <remarks>A method: as a property, an address would hold an address for ever.</remarks>
    public InetAddress Unmapped() => IsMapped ? new(false, 0, Low & 0xffff_ffff, Port, 0, 0) : this;

    /// <summary>A sockaddr as the kernel gives it; null for another family or none.</summary>
    public static InetAddress? FromSockaddr(ReadOnlySpan<byte> s)
    {
        if (s.Length < 2)
            return null;
        var family = BinaryPrimitives.ReadUInt16LittleEndian(s);
        if (family == V4 && s.Length >= 8)
            return new(false, 0, BinaryPrimitives.ReadUInt32BigEndian(s[4..]), BinaryPrimitives.ReadUInt16BigEndian(s[2..]), 0, 0);
        if (family == V6 && s.Length >= V6Size)
            return new(true, BinaryPrimitives.ReadUInt64BigEndian(s[8..]), BinaryPrimitives.ReadUInt64BigEndian(s[16..]), BinaryPrimitives.ReadUInt16BigEndian(s[2..]),
                BinaryPrimitives.ReadUInt32BigEndian(s[4..]), BinaryPrimitives.ReadUInt32LittleEndian(s[24..]));
        return null;
    }

    /// <summary>struct sockaddr_in, 16 bytes, or sockaddr_in6, 28 bytes.</summary>
    public byte[] ToSockaddr()
    {
        var s = new byte[IsV6 ? V6Size : V4Size];
        BinaryPrimitives.WriteUInt16LittleEndian(s, (ushort)(IsV6 ? V6 : V4));
        BinaryPrimitives.WriteUInt16BigEndian(s.AsSpan(2), Port);
        if (IsV6)
        {
            BinaryPrimitives.WriteUInt32BigEndian(s.AsSpan(4), FlowInfo);
            BinaryPrimitives.WriteUInt64BigEndian(s.AsSpan(8), High);
            BinaryPrimitives.WriteUInt64BigEndian(s.AsSpan(16), Low);
            BinaryPrimitives.WriteUInt32LittleEndian(s.AsSpan(24), Scope);
        }
        else
        {
            BinaryPrimitives.WriteUInt32BigEndian(s.AsSpan(4), (uint)Low);
        }
        return s;
    }

    /// <summary>The address alone: 4 or 16 bytes.</summary>
    public byte[] Bytes() => ToSockaddr().AsSpan(IsV6 ? 8 : 4, IsV6 ? 16 : 4).ToArray();

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32(IsV6 ? 1u : 0);
        w.U16(Port);
        w.U16(0);
        w.U64(High);
        w.U64(Low);
        w.U32(Scope);
        w.U32(FlowInfo);
    }

    internal static InetAddress Read(ref FieldReader r)
    {
        var v6 = r.U32();
        var port = r.U16();
        r.U16();
        var (high, low) = (r.U64(), r.U64());
        var (scope, flow) = (r.U32(), r.U32());
        if (v6 > 1 || (v6 == 0 && (high != 0 || low > uint.MaxValue)))
            throw r.Bad("an Internet address is of no known form");
        return new(v6 == 1, high, low, port, flow, scope);
    }

    /// <inheritdoc/>
    public override string ToString() => new IPEndPoint(IsV6 ? new IPAddress(Bytes(), Scope) : new IPAddress(Bytes()), Port).ToString();
}
