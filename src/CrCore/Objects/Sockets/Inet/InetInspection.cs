using CrCore.Kernel;
using CrCore.Objects.Files;

namespace CrCore.Objects.Sockets.Inet;

/// <summary>Preflight of an Internet socket: what of it could not be saved.</summary>
internal static class InetInspection
{
    private const int PollPriority = 2;
    private const int UdpCork = 1, Ip6RouterAlert = 22;

    public static void Inspect(DescriptorInspection inspection, Descriptor d)
    {
        if (!IsKnown(d.Socket!))
        {
            inspection.Refuse(d, "CrInetProtocol", d.Socket!.Protocol == InetProtocol.MultipathTcp
                ? "it is a socket of Multipath TCP, whose state the kernel does not give out" : $"it is an Internet socket of type {d.Socket.Type} and protocol {d.Socket.Protocol}, which cannot be saved");
            return;
        }
        using var own = SocketParts.Look(inspection, d);
        if (own is null)
            return;
        var facts = inspection.Context.States.Get(() => new InetFacts(inspection.Context.Root.Pid));
        var socket = LiveInetSocket.Read(own, d, inspection.Context.Proc, facts);
        InspectHolders(inspection, d, socket);
        if (socket.IsTcp)
            InspectTcp(inspection, d, own, socket, facts.Of(inspection.Context.Proc, d.Socket!, d.Status.Inode));
        else
            InspectDatagrams(inspection, d, own, socket);
    }

    public static bool IsKnown(SocketIdentity s) => s switch
    {
        { Type: SocketType.Raw } => true,
        { Type: SocketType.Stream } => s.Protocol == InetProtocol.Tcp,
        { Type: SocketType.Datagram } => s.Protocol is InetProtocol.Udp or InetProtocol.UdpLite or InetProtocol.Icmp or InetProtocol.Icmp6,
        _ => false,
    };

    /// <summary>The saved socket is another one than the one that a process outside goes on with.</summary>
    private static void InspectHolders(DescriptorInspection inspection, Descriptor d, InetSocketRecord socket)
    {
        // This process has descriptors onto sockets for a moment while it looks at them, other threads of it, too.
        Holder[] holders = [.. inspection.Outside.Of(d.Name).Where(h => h.Pid != Environment.ProcessId)];
        if (holders.Length == 0)
            return;
        var who = string.Join<Holder>(", ", holders);
        if (socket.IsConnection)
            inspection.Refuse(d, "CrSocketShared", $"its connection is also held by {who} outside of the tree", "Checkpoint that process too, or let it close the socket.");
        else
            inspection.Warn(d, "CrSocketShared", $"the socket is also held by {who} outside of the tree; it is restored as one of its own, which needs the address to be free then");
    }

    private static void InspectTcp(DescriptorInspection inspection, Descriptor d, OwnDescriptor own, InetSocketRecord socket, InetDiagEntry? fact)
    {
        if (fact is { HasMd5: true })
            inspection.Refuse(d, "CrTcpMd5", "it has TCP-MD5 keys (TCP_MD5SIG), which the kernel does not give back");
        if (fact is { Ulp.Length: > 0 } layered)
            inspection.Refuse(d, "CrTcpUlp", $"it has the protocol {layered.Ulp} laid over TCP (TCP_ULP), whose state the kernel does not give out");
        if (socket.State == TcpState.Listen && fact is { ReceiveQueue: > 0 } waiting)
            inspection.RefuseForNow(d, "CrTcpBacklog", $"{waiting.ReceiveQueue} connections wait to be accepted on {socket.Local}, which cannot be saved", "Try again when the program has accepted them.");
        ConnectingSockets.Of(inspection.Context.States).Note(d, socket);
        if (socket.IsConnection && socket.State != TcpState.Close)
            InspectConnection(inspection, d, own, socket);
    }

    private static void InspectConnection(DescriptorInspection inspection, Descriptor d, OwnDescriptor own, InetSocketRecord socket)
    {
        switch (inspection.Options.TcpEstablished)
        {
            case TcpEstablishedPolicy.Fail:
                inspection.Refuse(d, "CrTcpEstablished", $"it is a TCP connection ({socket.Local} - {socket.Remote}, {socket.State})", "Close it, or choose with -TcpEstablished what becomes of it (Restore or Reset).");
                return;
            case TcpEstablishedPolicy.Reset:
                inspection.Warn(d, "CrTcpEstablished", $"its connection ({socket.Local} - {socket.Remote}) is not saved; it is restored closed");
                return;
        }
        // The user namespace that owns the network decides; a tree's own one is below this program's.
        if (!Capabilities.Has(inspection.Context.Proc, Capabilities.NetAdmin))
            inspection.Refuse(d, "CrTcpRepairDenied", $"reading the state of its connection ({socket.Local} - {socket.Remote}) needs CAP_NET_ADMIN", "Run as root, or have connections restored closed (-TcpEstablished Reset).");
        if ((own.PollNow(PollPriority) & PollPriority) != 0)
            inspection.RefuseForNow(d, "CrTcpUrgent", "urgent data waits to be read (MSG_OOB), which cannot be saved", "Try again when the program has read it.");
    }

    private static void InspectDatagrams(DescriptorInspection inspection, Descriptor d, OwnDescriptor own, InetSocketRecord socket)
    {
        if (socket.HasError)
            inspection.Warn(d, "CrDatagramError", "an error that waits (SO_ERROR, MSG_ERRQUEUE) is not kept, as if the network had lost the message that told of it");
        // The kernel says that it is set, not to which value (do_ipv6_getsockopt in net/ipv6/ipv6_sockglue.c).
        if (socket is { SocketType: SocketType.Raw, Family: SocketFamily.Inet6 } && SocketCalls.GetNumber(own, InetOptions.Ip6, Ip6RouterAlert, out _) > 0)
            inspection.Warn(d, "CrInetOptionLost", "its IPV6_ROUTER_ALERT is not kept: the kernel does not give the value back");
        // Corked data counts as sent and not gone yet; the kernel gives it to nobody (udp_sendmsg in net/ipv4/udp.c).
        if (socket.Protocol is InetProtocol.Udp or InetProtocol.UdpLite && socket.SocketType == SocketType.Datagram
            && SocketCalls.GetNumber(own, InetOptions.Udp, UdpCork, out _) != 0 && SocketCalls.AskNumber(own, SocketCalls.OutputQueue) > 0)
            inspection.RefuseForNow(d, "CrUdpCorked", "a datagram is being put together in it (UDP_CORK), which cannot be saved", "Try again when the program has sent it.");
    }
}
