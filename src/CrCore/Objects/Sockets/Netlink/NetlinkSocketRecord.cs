using CrCore.Image;

namespace CrCore.Objects.Sockets.Netlink;

/// <summary>NETLINK_SOCKET (530): a socket of netlink(7). Its options are in SOCKET_OPTIONS.</summary>
/// <param name="SocketType">SOCK_RAW or SOCK_DGRAM.</param>
/// <param name="Protocol">NETLINK_ROUTE and its like.</param>
/// <param name="PortId">Its own address; 0 for none yet.</param>
/// <param name="PeerPortId">Where it is connected to; 0 for the kernel, or not at all.</param>
/// <param name="PeerGroups">Groups that it is connected to, as sockaddr_nl has them.</param>
/// <param name="Groups">The groups that it is a member of, ascending.</param>
public sealed record NetlinkSocketRecord(int SocketType, int Protocol, uint PortId, uint PeerPortId, uint PeerGroups, IReadOnlyList<uint> Groups) : ICrRecord
{
    internal const short Id = 530;
    private const int MaxGroups = 4096;
    internal const int MaxPayload = 24 + 4 * MaxGroups;

    /// <inheritdoc/>
    public short Type => Id;
    /// <inheritdoc/>
    public uint Parent => 0;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.I32(SocketType);
        w.I32(Protocol);
        w.U32(PortId);
        w.U32(PeerPortId);
        w.U32(PeerGroups);
        w.U32((uint)Groups.Count);
        foreach (var group in Groups)
            w.U32(group);
    }

    internal static NetlinkSocketRecord Read(uint parent, ref FieldReader r)
    {
        int type = r.I32(), protocol = r.I32();
        uint port = r.U32(), peer = r.U32(), peerGroups = r.U32();
        var groups = new uint[r.Count(4)];
        if (groups.Length > MaxGroups || type is not (Kernel.SocketType.Raw or Kernel.SocketType.Datagram) || protocol is < 0 or > 255)
            throw r.Bad($"a netlink socket of type {type}, protocol {protocol} and {groups.Length} groups is none");
        for (var i = 0; i < groups.Length; i++)
            groups[i] = r.U32();
        return new(type, protocol, port, peer, peerGroups, groups);
    }

    /// <inheritdoc/>
    public bool Equals(NetlinkSocketRecord? other)
        => other is not null && (SocketType, Protocol, PortId, PeerPortId, PeerGroups) == (other.SocketType, other.Protocol, other.PortId, other.PeerPortId, other.PeerGroups) && Groups.SequenceEqual(other.Groups);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(SocketType, Protocol, PortId, Groups.Count);
}
