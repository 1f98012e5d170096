using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Sockets.Inet;

/// <summary>
/// Makes a restore's Internet sockets what they were. All are bound before any listens, so that neither is in the other's way;
/// connections are given back to the network at the very end, all together.
/// </summary>
internal sealed class InetRestore : IDisposable
{
    private readonly RestoreContext _context;
    private readonly Dictionary<uint, OwnDescriptor> _sockets = [];
    private readonly List<TcpConnection> _connections = [];
    private readonly HashSet<string> _holds = [];
    private SegmentInjector? _injector;
    private DatagramInjector? _datagrams;

    public InetRestore(RestoreContext context)
    {
        _context = context;
        context.AtRelease.Add(Release);
    }

    /// <summary>Raw sockets of the tree's network, for connections that segments have to be given to.</summary>
    public void MakeInjectors(DescriptorServer server, InetSocketRecord socket, SyscallBatch batch)
    {
        if (socket.IsConnection)
            (_injector ??= new SegmentInjector(server)).Prepare(socket.Remote.Unmapped().IsV6, batch);
    }

    public void Make(DescriptorServer server, SavedDescription saved, InetSocketRecord socket)
    {
        var own = server.Borrow(server.NumberOf(saved), saved.Label);
        _sockets.Add(saved.ObjRef, own);
        if (socket.Uid != 0 || socket.Gid != 0)
            own.ChangeOwner(socket.Uid, socket.Gid);
        if (socket.Device.Length > 0)
            Must(saved, $"binding to the interface {socket.Device}", BoundAddress.SetDevice(own, socket.Device));
        SocketOptions.Restore(own, saved, o => InetOptions.IsBeforeBind(o.Level, o.Name));
        if (socket.IsConnection)
        {
            var policy = InetCheck.PolicyFor(_context.Options, socket);
            var connection = new TcpConnection(own, saved, socket, policy, _injector!);
            _connections.Add(connection);
            _injector!.Take(socket);
            connection.Make();
            if (connection.Hold.Length > 0)
                _holds.Add(connection.Hold);
            return;
        }
        if (socket.IsBound)
            Bind(own, saved, socket);
        // Those that came before it was connected may have come from elsewhere.
        if (socket.IsBound && socket is { SocketType: SocketType.Datagram, Protocol: InetProtocol.Udp })
            (_datagrams ??= new DatagramInjector(server)).Fill(own, saved, socket);
        if (socket.HasRemote && !socket.IsTcp)
            Must(saved, $"connecting to {socket.Remote}", BoundAddress.WithDevice(own, socket, () => InetCalls.Connect(own, socket.Remote.ToSockaddr())));
        // A socket that is not connected is shut down all the same, and says ENOTCONN (inet_shutdown in net/ipv4/af_inet.c).
        if (socket.Shutdown != 0)
            InetCalls.Shutdown(own, socket.Shutdown - 1);
    }

    private void Bind(OwnDescriptor own, SavedDescription saved, InetSocketRecord socket)
    {
        var errno = BoundAddress.TryBind(own, socket, out var isMissing);
        if (isMissing)
        {
            if (errno == Errno.None && !HasFreeBind(saved))
                _context.Warnings.Add(new("CrAddressMissing", CrErrorKind.Obstacle, ObstacleSeverity.Warning, saved.Task.VPid, saved.Task.Comm, saved.Label, $"this machine does not have its address {socket.Local}; it is bound to it all the same"));
        }
        if (errno == Errno.EADDRINUSE)
            throw new CrKernelException("CrAddressInUse", $"{saved.Task}: binding {saved.Label} to {socket.Local}", errno, BoundAddress.TakenAdvice, CrErrorKind.Obstacle) { Object = saved.Label };
        Must(saved, $"binding to {socket.Local}", errno);
    }

    private static bool HasFreeBind(SavedDescription saved)
    {
        foreach (var o in saved.Get<SocketOptionsRecord>()?.Values ?? [])
            if (o is { Level: InetOptions.Ip, Name: InetOptions.IpFreeBind })
                return o.Value.Span.ContainsAnyExcept((byte)0);
        return false;
    }

    public void Listen(SavedDescription saved, InetSocketRecord socket)
    {
        if (socket.State == TcpState.Listen)
            Must(saved, $"listening on {socket.Local}", InetCalls.Listen(_sockets[saved.ObjRef], socket.Backlog));
    }

    /// <summary>The options of all but connections, which are not touched before they are let go.</summary>
    public void Finish(SavedDescription saved, InetSocketRecord socket)
    {
        if (socket.IsConnection)
            return;
        var own = _sockets[saved.ObjRef];
        Memberships.Restore(own, saved);
        SocketFilter.Restore(own, saved);
        SocketOptions.Restore(own, saved, o => !InetOptions.IsBeforeBind(o.Level, o.Name));
    }

    /// <summary>
    /// The way is cleared for all before the first says a word: the two ends of a connection within the tree answer each other.
    /// </summary>
    private void Release()
    {
        foreach (var connection in _connections)
            connection.Open();
        RemoveHolds();
        foreach (var connection in _connections)
            connection.GoOn();
        foreach (var connection in _connections)
            connection.SendRest();
        foreach (var (objRef, own) in _sockets)
            StartConnecting(objRef, own);
        Dispose();
    }

    /// <summary>A connection that was being made is asked for once more; the answer comes to the program as it would have.</summary>
    private void StartConnecting(uint objRef, OwnDescriptor own)
    {
        var saved = DescriptorServer.Of(_context).Files.Description(objRef);
        if (saved.Get<InetSocketRecord>() is not { State: TcpState.SynSent, HasRemote: true } socket)
            return;
        var flags = own.StatusFlags;
        own.SetStatusFlags(flags | OpenFlags.NonBlock);
        var errno = InetCalls.Connect(own, socket.Remote.ToSockaddr());
        own.SetStatusFlags(flags);
        if (errno is not (Errno.None or Errno.EINPROGRESS))
            _context.Warnings.Add(new("CrTcpConnecting", CrErrorKind.Obstacle, ObstacleSeverity.Warning, saved.Task.VPid, saved.Task.Comm, saved.Label, $"connecting to {socket.Remote} again failed at once: {errno}"));
    }

    private void RemoveHolds()
    {
        foreach (var table in _holds)
        {
            using var netlink = NetworkNamespace.Run(_context.Proc, _context.Root.Pid, TcpHold.OpenNetlink);
            // Gone, when the machine is another one or was started anew; or a restore before this one took it away.
            var errno = NetfilterBatch.TrySend(netlink, PacketHold.BuildRemoval(table));
            if (errno is not (Errno.None or Errno.ENOENT))
                throw KernelError.Create("CrTcpHold", $"Deleting the nf_tables table inet {table}, which holds the packets of connections back", errno, 0, table);
        }
    }

    internal static void Must(SavedDescription saved, string what, Errno errno)
    {
        if (errno != Errno.None)
            throw new CrKernelException("CrInetFailed", $"{saved.Task}: {what}, {saved.Label}", errno, errno switch
            {
                Errno.EPERM or Errno.EACCES => "Restore with CAP_NET_ADMIN, CAP_NET_RAW and CAP_NET_BIND_SERVICE.",
                Errno.EADDRNOTAVAIL or Errno.EADDRINUSE => "The address must be one of this machine's, and the connection not exist already.",
                Errno.ENODEV => "The interface must exist.",
                _ => null,
            }) { Object = saved.Label };
    }

    public void Dispose()
    {
        foreach (var own in _sockets.Values)
            own.Dispose();
        _sockets.Clear();
        _connections.Clear();
        _injector?.Dispose();
        _injector = null;
        _datagrams?.Dispose();
        _datagrams = null;
    }
}
