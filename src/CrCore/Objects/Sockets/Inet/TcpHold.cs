using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;

namespace CrCore.Objects.Sockets.Inet;

/// <summary>
/// Holds the packets of all of a tree's TCP connections back while the tree is frozen: no end moves on while the other one is
/// being read. With the tree ended, those whose other end is elsewhere stay held until a restore (or until somebody deletes the
/// table), so that the other end goes on waiting instead of being told that nobody is there.
/// </summary>
/// <remarks>
/// The table of the frozen time belongs to a netlink socket of this process and goes with it, whatever becomes of this
/// process. The sockets are kept open beyond the tree's end, and closed in repair mode, in which nothing is sent
/// (__tcp_close in net/ipv4/tcp.c).
/// </remarks>
internal sealed class TcpHold : IDisposable
{
    private const int NetlinkNetfilter = 12;

    private readonly DescriptorCapture _capture;
    private readonly List<OwnDescriptor> _sockets = [];
    private readonly List<HeldConnection> _outside = [];
    private readonly OwnDescriptor? _netlink;
    private readonly bool _isOwnNetwork;

    public TcpHold(DescriptorCapture capture)
    {
        _capture = capture;
        var held = Collect();
        var ends = new HashSet<string>();
        foreach (var c in held)
            ends.Add(c.ToString());
        foreach (var c in held)
            if (!ends.Contains(new HeldConnection(c.RemoteAddress, c.RemotePort, c.LocalAddress, c.LocalPort).ToString()))
                _outside.Add(c);
        _isOwnNetwork = (Namespaces.OwnNamespaces.Read(capture.Context.Proc, Root) & Namespaces.NamespaceSet.Network) != 0;
        Table = $"crmodule-{Guid.NewGuid():N}";
        _netlink = NetworkNamespace.Run(capture.Context.Proc, Root, OpenNetlink);
        NetfilterBatch.Send(_netlink, PacketHold.Build(Table + "-f", held, owned: true), "Holding back the packets of TCP connections");
        capture.Context.AtEnd.Add(End);
    }

    public static TcpHold Of(DescriptorCapture capture) => capture.Context.States.Get(() => new TcpHold(capture));

    /// <summary>The name of the table that holds a connection until it is restored; "" when none will.</summary>
    public string NameFor(InetSocketRecord socket)
        => _capture.Options.Stop && !_isOwnNetwork && _outside.Contains(Connection(socket), ByText.Instance) ? Table : "";

    private string Table { get; }

    private int Root => _capture.Context.Root.Pid;

    public static HeldConnection Connection(InetSocketRecord s)
    {
        var (local, remote) = (s.Local.Unmapped(), s.Remote.Unmapped());
        return new(local.Bytes(), local.Port, remote.Bytes(), remote.Port);
    }

    internal static OwnDescriptor OpenNetlink()
        => SocketCalls.TryMake(SocketFamily.Netlink, SocketType.Raw, NetlinkNetfilter, out var errno)
            ?? throw KernelError.Create("CrTcpHold", "Opening a netlink socket for nf_tables", errno, 0, null, "A kernel with CONFIG_NF_TABLES and CONFIG_NF_TABLES_INET is needed to save TCP connections.");

    private List<HeldConnection> Collect()
    {
        var seen = new HashSet<string>();
        var held = new List<HeldConnection>();
        foreach (var task in _capture.Context.Tasks)
        {
            if (task.IsZombie)
                continue;
            foreach (var d in _capture.Context.States.Get<KnownDescriptors>().Of(_capture.Context.Proc, task.Pid))
                if (d.Socket is { Type: SocketType.Stream, Protocol: InetProtocol.Tcp } && seen.Add(d.Name))
                    Add(d, held);
        }
        return held;
    }

    private void Add(Descriptor d, List<HeldConnection> held)
    {
        if (ConnectingSockets.Of(_capture.Context.States).Find(d) is not null)
            return;
        var own = _capture.Borrow(d);
        var socket = LiveInetSocket.Read(own, d, _capture.Context.Proc, InetFacts.Of(_capture));
        if (!socket.IsConnection || socket.State == TcpState.Close)
        {
            own.Dispose();
            return;
        }
        _sockets.Add(own);
        held.Add(Connection(socket));
    }

    private void End(CheckpointEnd end)
    {
        if (end == CheckpointEnd.Ended)
            Keep();
        Dispose();
    }

    /// <summary>What was held stays so for those whose other end is elsewhere; then the ends that are saved go without a sound.</summary>
    private void Keep()
    {
        if (_outside.Count > 0 && !_isOwnNetwork)
        {
            try
            {
                NetfilterBatch.Send(_netlink!, PacketHold.Build(Table, _outside, owned: false), "Holding back packets until the restore");
                _capture.Context.Warnings.Add(new("CrTcpHeld", CrErrorKind.Obstacle, ObstacleSeverity.Warning, 0, "", $"nf_tables table inet {Table}",
                    $"it holds back the packets of {_outside.Count} connections until they are restored", $"Should they never be, delete it (nft delete table inet {Table})."));
            }
            catch (CrKernelException e)
            {
                _capture.Context.Warnings.Add(new(e.Id, CrErrorKind.KernelRefused, ObstacleSeverity.Warning, 0, "", "TCP connections", $"the other ends are not held off until the restore: {e.Message.TrimEnd('.')}", e.Advice));
            }
        }
        foreach (var socket in _sockets)
            TcpRepair.Enter(socket);
    }

    public void Dispose()
    {
        foreach (var socket in _sockets)
            socket.Dispose();
        _sockets.Clear();
        _netlink?.Dispose();
    }

    private sealed class ByText : IEqualityComparer<HeldConnection>
    {
        public static ByText Instance { get; } = new();

        public bool Equals(HeldConnection? a, HeldConnection? b) => a?.ToString() == b?.ToString();

        public int GetHashCode(HeldConnection c) => c.ToString().GetHashCode(StringComparison.Ordinal);
    }
}
