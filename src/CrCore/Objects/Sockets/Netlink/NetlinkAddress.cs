using System.Buffers.Binary;
using CrCore.Kernel;

namespace CrCore.Objects.Sockets.Netlink;

/// <summary>struct sockaddr_nl (netlink(7)): family, pad, port id, groups.</summary>
internal readonly record struct NetlinkAddress(uint PortId, uint Groups)
{
    private const int Size = 12;

    public byte[] ToSockaddr()
    {
        var s = new byte[Size];
        BinaryPrimitives.WriteUInt16LittleEndian(s, SocketFamily.Netlink);
        BinaryPrimitives.WriteUInt32LittleEndian(s.AsSpan(4), PortId);
        BinaryPrimitives.WriteUInt32LittleEndian(s.AsSpan(8), Groups);
        return s;
    }

    public static NetlinkAddress FromSockaddr(ReadOnlySpan<byte> s)
        => s.Length < Size ? default : new(BinaryPrimitives.ReadUInt32LittleEndian(s[4..]), BinaryPrimitives.ReadUInt32LittleEndian(s[8..]));
}
