using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Sockets.Netlink;

/// <summary>
/// Sockets of netlink(7): port id, groups, whom they are connected to, options. All of it is read and set through a second
/// descriptor of this process.
/// </summary>
internal sealed class NetlinkKind : IDescriptorKind
{
    /// <summary>SOL_NETLINK and its options (linux/socket.h, linux/netlink.h).</summary>
    private const int Level = 270, AddMembership = 1, ListMemberships = 9;

    private const int PollIn = 1;

    private static readonly IReadOnlyList<SocketOption> _options =
    [
        new(Level, 3, "NETLINK_PKTINFO"),
        new(Level, 4, "NETLINK_BROADCAST_ERROR"),
        new(Level, 5, "NETLINK_NO_ENOBUFS"),
        new(Level, 8, "NETLINK_LISTEN_ALL_NSID"),
        new(Level, 10, "NETLINK_CAP_ACK"),
        new(Level, 11, "NETLINK_EXT_ACK"),
        new(Level, 12, "NETLINK_GET_STRICT_CHK"),
    ];

    public IReadOnlyList<FdType> Types { get; } = [FdType.NetlinkSocket];

    public IEnumerable<RecordType> Records => [new(NetlinkSocketRecord.Id, "NETLINK_SOCKET", NetlinkSocketRecord.Read, NetlinkSocketRecord.MaxPayload)];

    public bool Claims(Descriptor d) => d.Socket is { Family: SocketFamily.Netlink };

    /// <summary>
    /// Nobody can put messages of the kernel's back. A member of groups is used to losing some (ENOBUFS); whoever asked for an
    /// answer would wait for it for ever.
    /// </summary>
    public void Inspect(DescriptorInspection inspection, Descriptor d)
    {
        using var own = SocketParts.Look(inspection, d);
        if (own is null || (own.PollNow(PollIn) & PollIn) == 0)
            return;
        if (Memberships(own).Count > 0)
            inspection.Warn(d, "CrNetlinkLost", "messages that wait to be read in the netlink socket are not kept, as if its buffer had been too small");
        else
            inspection.RefuseForNow(d, "CrNetlinkQueue", "answers of the kernel wait to be read in the netlink socket, which cannot be saved", "Try again when the program has read them.");
    }

    public SavedForm Capture(DescriptorCapture capture, Descriptor d)
    {
        using var own = capture.Borrow(d);
        SocketCalls.GetName(own, out var name);
        SocketCalls.GetPeerName(own, out var peerName);
        var peer = NetlinkAddress.FromSockaddr(peerName);
        var record = new NetlinkSocketRecord(d.Socket!.Type, d.Socket.Protocol, NetlinkAddress.FromSockaddr(name).PortId, peer.PortId, peer.Groups, Memberships(own));
        return new(FdType.NetlinkSocket, $"netlink({record.Protocol}) {record.PortId}", Records: SocketParts.Capture(own, d, record, _options, SocketOptions.Common));
    }

    public void Check(CheckContext context, SavedDescription saved) => Require(saved);

    public Action? Restore(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        var record = Require(saved);
        SocketParts.Make(server, saved, SocketFamily.Netlink, record.SocketType, record.Protocol, batch);
        return () => Make(server, saved, record);
    }

    private static void Make(DescriptorServer server, SavedDescription saved, NetlinkSocketRecord record)
    {
        using var own = server.Borrow(server.NumberOf(saved), saved.Label);
        if (record.PortId != 0)
            Bind(server.Context, own, saved, record);
        foreach (var group in record.Groups)
            Must(saved, $"joining group {group} of", SocketCalls.SetNumber(own, Level, AddMembership, (int)group));
        if (record.PeerPortId != 0 || record.PeerGroups != 0)
            Must(saved, "connecting", InetCalls.Connect(own, new NetlinkAddress(record.PeerPortId, record.PeerGroups).ToSockaddr()));
        SocketFilter.Restore(own, saved);
        SocketOptions.Restore(own, saved);
    }

    /// <summary>Nearly all programs let the kernel choose the port id; should somebody else have it now, it chooses again.</summary>
    private static void Bind(RestoreContext context, OwnDescriptor own, SavedDescription saved, NetlinkSocketRecord record)
    {
        var errno = InetCalls.Bind(own, new NetlinkAddress(record.PortId, 0).ToSockaddr());
        if (errno == Errno.EADDRINUSE)
        {
            context.Warnings.Add(new("CrNetlinkPort", CrErrorKind.Obstacle, ObstacleSeverity.Warning, saved.Task.VPid, saved.Task.Comm, saved.Label, $"its port id {record.PortId} is taken; it has another one now"));
            errno = InetCalls.Bind(own, default(NetlinkAddress).ToSockaddr());
        }
        Must(saved, "binding", errno);
    }

    /// <summary>A bitmap in words of 4 bytes; bit 0 is group 1 (netlink_getsockopt in net/netlink/af_netlink.c).</summary>
    private static List<uint> Memberships(OwnDescriptor own)
    {
        var groups = new List<uint>();
        var bits = new byte[512];
        var n = SocketCalls.GetOption(own, Level, ListMemberships, bits);
        for (var i = 0; i < Math.Min(n, bits.Length) * 8; i++)
            if ((bits[i / 8] & 1 << i % 8) != 0)
                groups.Add((uint)i + 1);
        return groups;
    }

    private static void Must(SavedDescription saved, string what, Errno errno) => SocketParts.Must(saved, "CrNetlinkFailed", what, errno, "CAP_NET_ADMIN");

    private static NetlinkSocketRecord Require(SavedDescription saved) => SocketParts.Require<NetlinkSocketRecord>(saved, "NETLINK_SOCKET");
}
