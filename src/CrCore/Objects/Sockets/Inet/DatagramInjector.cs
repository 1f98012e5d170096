using System.Diagnostics;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Remote;

namespace CrCore.Objects.Sockets.Inet;

/// <summary>
/// Puts datagrams back into the socket that they waited in: sends them once more, from whom they came, out of a raw socket
/// within the tree's network. Which arrived is looked at.
/// </summary>
internal sealed class DatagramInjector(DescriptorServer server) : IDisposable
{
    /// <summary>Half of the largest buffer (__sock_set_rcvbuf doubles it): what is put back was in the old one.</summary>
    private const int AmpleBuffer = 0x3fffffff;

    private const string NotArrived = "they did not arrive; a firewall may forbid it, or the address is not this machine's";

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(1);

    private readonly Dictionary<bool, OwnDescriptor?> _raw = [];
    private readonly HashSet<(int Protocol, ushort Port)> _ports = [];

    /// <summary>Called for each UDP socket, bound and not connected yet, in the order of binding. The buffer's size and the like come later.</summary>
    public void Fill(OwnDescriptor socket, SavedDescription saved, InetSocketRecord record)
    {
        // Others of the tree with the port may be meant as well, by the kernel's measure; a connected one comes before them.
        var shares = !_ports.Add((record.Protocol, record.Local.Port));
        List<DatagramRecord> wanted = [.. saved.Records.OfType<DatagramRecord>()];
        if (wanted.Count == 0)
            return;
        if (SocketCalls.SetNumber(socket, SocketLevel.Socket, SocketLevel.ReceiveBufferForce, AmpleBuffer) != Errno.None)
            SocketCalls.SetNumber(socket, SocketLevel.Socket, SocketLevel.ReceiveBuffer, AmpleBuffer);
        var lost = 0;
        string? reason = null;
        var sent = new List<DatagramRecord>();
        foreach (var datagram in wanted)
        {
            var failed = shares && lost > 0 ? reason : shares ? SendToConnected(socket, record, sent, datagram) : Send(datagram);
            if (failed is null)
                sent.Add(datagram);
            else
                (lost, reason) = (lost + 1, failed);
        }
        if (!shares && Await(socket, record, sent) is var arrived && arrived < sent.Count)
            (lost, reason) = (lost + sent.Count - arrived, NotArrived);
        if (lost > 0)
            server.Context.Warn(server.Context.Tasks[saved.Task.Index], "CrDatagramsLost", saved.Label, $"{lost} of {wanted.Count} datagrams that waited to be read could not be put back: {reason}");
    }

    /// <returns>Why not, or null.</returns>
    private string? Send(DatagramRecord datagram)
    {
        var (from, to) = (datagram.Source.Unmapped(), datagram.Destination.Unmapped());
        if (Raw(to.IsV6) is not { } raw)
            return "that takes a raw socket (CAP_NET_RAW)";
        var packet = UdpDatagram.Build(from.Bytes(), from.Port, to.Bytes(), to.Port, datagram.Bytes.Span);
        // A raw socket takes a port for a protocol number (rawv6_sendmsg in net/ipv6/raw.c).
        var n = InetCalls.Send(raw, packet, (to with { Port = 0 }).ToSockaddr());
        return n == packet.Length ? null : $"sending one from {datagram.Source} failed ({(Errno)(-n)})";
    }

    private string? SendToConnected(OwnDescriptor socket, InetSocketRecord record, List<DatagramRecord> before, DatagramRecord datagram)
    {
        const string shared = "several sockets have their port";
        // Connecting and disconnecting forgets an interface (__udp_disconnect in net/ipv4/udp.c).
        if (record.Device.Length > 0 || InetCalls.Connect(socket, datagram.Source.ToSockaddr()) != Errno.None)
            return shared;
        try
        {
            var local = LiveInetSocket.Local(socket);
            if ((local.High, local.Low) != (datagram.Destination.High, datagram.Destination.Low))
                return shared;
            return Send(datagram) ?? (Await(socket, record, [.. before, datagram]) > before.Count ? null : NotArrived);
        }
        finally
        {
            // AF_UNSPEC ends it.
            InetCalls.Connect(socket, new byte[16]);
        }
    }

    /// <summary>How many are there: at once as a rule, for delivery within one machine is done when sending returns, or a moment later.</summary>
    private static int Await(OwnDescriptor socket, InetSocketRecord record, List<DatagramRecord> sent)
    {
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            var arrived = Arrived(DatagramQueue.TryRead(socket, record) ?? [], sent);
            if (arrived == sent.Count || Stopwatch.GetElapsedTime(start) > _patience)
                return arrived;
            Thread.Sleep(1);
        }
    }

    private static int Arrived(List<DatagramRecord> there, List<DatagramRecord> sent)
    {
        var due = new Dictionary<DatagramRecord, int>();
        foreach (var datagram in sent)
            due[datagram] = due.GetValueOrDefault(datagram) + 1;
        var arrived = 0;
        foreach (var datagram in there)
            if (due.TryGetValue(datagram, out var n) && n > 0)
                (due[datagram], arrived) = (n - 1, arrived + 1);
        return arrived;
    }

    private OwnDescriptor? Raw(bool v6)
    {
        if (_raw.TryGetValue(v6, out var raw))
            return raw;
        var batch = new SyscallBatch();
        var made = batch.Try(Sys.socket, v6 ? SocketFamily.Inet6 : SocketFamily.Inet, SocketType.Raw | SocketType.CloseOnExec, InetProtocol.Raw);
        server.Remote.Run(batch);
        if (batch.ErrnoOf(made) != Errno.None)
            return _raw[v6] = null;
        var number = (int)batch.Result(made);
        raw = _raw[v6] = server.Borrow(number, "raw socket");
        // What holds the packets of connections back lets these through.
        SocketCalls.SetNumber(raw, SocketLevel.Socket, SocketLevel.Mark, unchecked((int)PacketHold.PassMark));
        batch.Reset();
        batch.Must("close", "raw socket", Sys.close, number);
        server.Remote.Run(batch);
        return raw;
    }

    public void Dispose()
    {
        foreach (var raw in _raw.Values)
            raw?.Dispose();
    }
}
