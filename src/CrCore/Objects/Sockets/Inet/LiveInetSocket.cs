using System.Text;
using CrCore.Kernel;
using CrCore.Objects.Files;

namespace CrCore.Objects.Sockets.Inet;

/// <summary>Reads what an Internet socket is, through a descriptor of this process onto it.</summary>
internal static class LiveInetSocket
{
    private const int PollErr = 8, PollHup = 0x10, PollReadHup = 0x2000;
    private const int ReadSide = 1, BothSides = 3;
    private const int V4Sockaddr = 16, V6Sockaddr = 28, MaxDevice = 16;

    public static TcpState StateOf(OwnDescriptor own) => TcpRepair.GetInfo(own, out var state, out _, out _, out _) == Errno.None ? state : TcpState.None;

    public static InetAddress Local(OwnDescriptor own)
        => SocketCalls.GetName(own, out var name) == Errno.None ? InetAddress.FromSockaddr(name) ?? default : default;

    /// <summary>By SO_PEERNAME, which answers for closed connections, too (sk_getsockopt in net/core/sock.c).</summary>
    public static InetAddress? Remote(OwnDescriptor own, int family)
    {
        // It refuses more room than it needs.
        Span<byte> name = stackalloc byte[family == SocketFamily.Inet6 ? V6Sockaddr : V4Sockaddr];
        var n = SocketCalls.GetOption(own, SocketLevel.Socket, SocketLevel.PeerName, name);
        return n > 0 && InetAddress.FromSockaddr(name[..(int)n]) is { } peer && !peer.IsNothing ? peer : null;
    }

    /// <param name="own">Onto the socket.</param>
    /// <param name="d">The socket's descriptor in its task.</param>
    /// <param name="proc">Of this moment.</param>
    /// <param name="facts">What the kernel tells of it elsewhere.</param>
    public static InetSocketRecord Read(OwnDescriptor own, Descriptor d, ProcReader proc, InetFacts facts)
    {
        var identity = d.Socket!;
        var fact = facts.Of(proc, identity, d.Status.Inode);
        var tcp = identity is { Type: SocketType.Stream, Protocol: InetProtocol.Tcp };
        var state = tcp ? StateOf(own) : TcpState.None;
        var local = Local(own);
        var remote = state == TcpState.Listen ? null : Remote(own, identity.Family) ?? (identity.Type == SocketType.Raw ? facts.RawRemote(proc, identity.Family, d.Status.Inode) : null);
        var polled = own.PollNow(PollReadHup);
        return new InetSocketRecord
        {
            Family = identity.Family,
            SocketType = identity.Type,
            Protocol = identity.Protocol,
            State = state,
            Local = local,
            Remote = remote ?? default,
            HasRemote = remote is not null,
            // A closed socket may show the port that it once had; those that still have one are in sock_diag's list. Not in it: an
            // address that waits for its port (IP_BIND_ADDRESS_NO_PORT).
            IsBound = tcp && state == TcpState.Close ? fact is not null || local is { Port: 0, IsNothing: false } : !local.IsNothing,
            HasError = (polled & PollErr) != 0,
            Shutdown = fact?.Shutdown ?? ((polled & PollReadHup) != 0 && (tcp || (polled & PollHup) != 0) ? BothSides : (polled & PollReadHup) != 0 ? ReadSide : 0),
            Backlog = state == TcpState.Listen ? (int)(fact?.SendQueue ?? 0) : 0,
            Uid = d.Status.Uid,
            Gid = d.Status.Gid,
            Device = Device(own),
        };
    }

    /// <summary>SO_BINDTODEVICE.</summary>
    private static string Device(OwnDescriptor own)
    {
        Span<byte> name = stackalloc byte[MaxDevice];
        var n = SocketCalls.GetOption(own, SocketLevel.Socket, SocketLevel.BindToDevice, name);
        return n > 0 ? Encoding.ASCII.GetString(name[..(int)n].TrimEnd((byte)0)) : "";
    }

    /// <summary>How people see it, as the name of its description.</summary>
    public static string Describe(InetSocketRecord s)
    {
        var text = new StringBuilder(ProtocolName(s));
        if (s.Family == SocketFamily.Inet6)
            text.Append('6');
        if (!s.Local.IsNothing)
            text.Append(' ').Append(s.Local);
        if (s.HasRemote)
            text.Append(" - ").Append(s.Remote);
        if (s.State != TcpState.None)
            text.Append(' ').Append(s.State);
        return text.ToString();
    }

    public static string ProtocolName(InetSocketRecord s) => s switch
    {
        { SocketType: SocketType.Raw } => $"raw({s.Protocol})",
        { Protocol: InetProtocol.Tcp } => "tcp",
        { Protocol: InetProtocol.Udp } => "udp",
        { Protocol: InetProtocol.UdpLite } => "udplite",
        _ => "icmp",
    };
}
