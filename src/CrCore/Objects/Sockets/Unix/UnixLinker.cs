using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Remote;

namespace CrCore.Objects.Sockets.Unix;

/// <summary>
/// Ends the making of Unix sockets, when all other descriptions exist: messages, datagram connections, closed peers,
/// shutdowns, options. In this order, for each makes the ones before it impossible.
/// </summary>
internal sealed class UnixLinker(DescriptorServer server, UnixImage image, UnixMaker maker, UnixSender sender)
{
    private readonly Dictionary<UnixAddress, int> _passing = [];
    private readonly Dictionary<UnixAddress, UnixPlaces.Place> _passingPlaces = [];
    private readonly HashSet<UnixAddress> _lostNames = [];
    private readonly HashSet<ulong> _connected = [];

    public void LinkAll()
    {
        foreach (var s in image.All)
            if (s.Socket is { IsDatagram: false, State: UnixState.Connected, PeerState: not UnixPeer.Outside })
                FillStream(s);
        LinkDatagrams();
        CloseStandIns();
        foreach (var s in image.All)
            if (s.Socket is { Shutdown: not 0, State: UnixState.Listening or UnixState.Unconnected } or { Shutdown: not 0, PeerState: not UnixPeer.Gone } or { Shutdown: not 0, IsDatagram: true })
                InServer(batch => batch.Must("shut down", s.Label, Sys.shutdown, maker.Number(s), s.Socket.Shutdown - 1));
        maker.Places.Settle();
        foreach (var s in image.All)
        {
            var own = sender.Socket(maker.Number(s), s.Label);
            SocketFilter.Restore(own, s.Saved);
            SocketOptions.Restore(own, s.Saved);
        }
    }

    private void InServer(Action<SyscallBatch> calls)
    {
        var batch = new SyscallBatch();
        calls(batch);
        server.Remote.Run(batch);
    }

    private void FillStream(UnixSaved s)
    {
        var from = s.Socket.PeerState == UnixPeer.Saved ? maker.Number(image.Get(s.Socket.Peer)) : maker.StandIns[s.Socket.Inode];
        foreach (var (message, bytes) in Messages(s))
            sender.Send(from, s, message, bytes.Span, null);
    }

    /// <summary>The messages of a socket, each with all of its bytes.</summary>
    private static IEnumerable<(UnixMessageRecord Message, ReadOnlyMemory<byte> Bytes)> Messages(UnixSaved s)
    {
        UnixMessageRecord? first = null;
        List<ReadOnlyMemory<byte>> pieces = [];
        foreach (var record in s.Saved.Records)
        {
            if (record is not UnixMessageRecord message)
                continue;
            first ??= message;
            pieces.Add(message.Bytes);
            if (message.Continues)
                continue;
            yield return (first, pieces.Count == 1 ? pieces[0] : Join(pieces));
            first = null;
            pieces.Clear();
        }
    }

    private static byte[] Join(List<ReadOnlyMemory<byte>> pieces)
    {
        var whole = new byte[pieces.Sum(p => p.Length)];
        var at = 0;
        foreach (var piece in pieces)
        {
            piece.CopyTo(whole.AsMemory(at));
            at += piece.Length;
        }
        return whole;
    }

    /// <summary>
    /// A datagram socket that is connected takes messages from its peer alone, and nobody else can be connected to it any more
    /// (unix_may_send in net/unix/af_unix.c). So first whoever is connected to it, then what waits in it, then it.
    /// </summary>
    private void LinkDatagrams()
    {
        FillPairs();
        var due = new Dictionary<ulong, int>();
        var datagrams = image.All.Where(s => s.Socket.IsDatagram).ToList();
        foreach (var s in datagrams)
            if (Waits(s))
                due[s.Socket.Peer] = due.GetValueOrDefault(s.Socket.Peer) + 1;
        var ready = new Queue<UnixSaved>(datagrams.Where(s => due.GetValueOrDefault(s.Socket.Inode) == 0));
        var done = new HashSet<ulong>();
        // What is never ready are two that are connected to each other: either can be the first.
        foreach (var s in datagrams)
        {
            while (ready.TryDequeue(out var next))
                LinkDatagram(next, done, due, ready);
            LinkDatagram(s, done, due, ready);
        }
    }

    private bool Waits(UnixSaved s) => s.Socket.PeerState == UnixPeer.Saved && !IsPairedWithPeer(s);

    private bool IsPairedWithPeer(UnixSaved s) => maker.Paired.TryGetValue(s.Socket.Inode, out var partner) && partner == s.Socket.Peer;

    /// <summary>Before one end of a pair goes to another peer, the end that stays gets what waits in it.</summary>
    private void FillPairs()
    {
        foreach (var s in image.All)
            if (IsPairedWithPeer(s))
            {
                _connected.Add(s.Socket.Inode);
                Fill(s);
            }
    }

    private void LinkDatagram(UnixSaved s, HashSet<ulong> done, Dictionary<ulong, int> due, Queue<UnixSaved> ready)
    {
        if (!done.Add(s.Socket.Inode) || IsPairedWithPeer(s))
            return;
        // Going to another peer throws away what waits (unix_dgram_disconnected in net/unix/af_unix.c).
        var wasPaired = maker.Paired.ContainsKey(s.Socket.Inode);
        if (!wasPaired)
            Fill(s);
        ConnectDatagram(s, wasPaired);
        _connected.Add(s.Socket.Inode);
        if (wasPaired)
            Fill(s);
        if (Waits(s) && --due[s.Socket.Peer] == 0)
            ready.Enqueue(image.Get(s.Socket.Peer));
    }

    private void ConnectDatagram(UnixSaved s, bool wasPaired)
    {
        switch (s.Socket.PeerState)
        {
            case UnixPeer.Saved:
                var peer = image.Get(s.Socket.Peer);
                maker.Connect(maker.Number(s), s.Socket.PeerCredentials, peer.Socket.Address, maker.PlaceOf(peer.Socket.Inode), s.Label);
                break;
            case UnixPeer.Outside:
                maker.Connect(maker.Number(s), null, s.Socket.PeerAddress, null, s.Label);
                break;
            case UnixPeer.Gone when !s.Socket.PeerAddress.IsNone:
                ConnectToClosed(s);
                break;
            case UnixPeer.None when wasPaired:
                byte[] unspecified = [0, 0];
                InServer(batch => batch.Must("disconnect", s.Label, Sys.connect, maker.Number(s), batch.In(unspecified), unspecified.Length));
                break;
        }
    }

    private void ConnectToClosed(UnixSaved s)
    {
        PassingSender(s.Socket.PeerAddress, s);
        if (!_lostNames.Contains(s.Socket.PeerAddress))
            maker.Connect(maker.Number(s), s.Socket.PeerCredentials, s.Socket.PeerAddress, _passingPlaces.GetValueOrDefault(s.Socket.PeerAddress), s.Label);
    }

    private void Fill(UnixSaved s)
    {
        foreach (var (message, bytes) in Messages(s))
        {
            if (image.Find(message.Sender) is { Socket.IsDatagram: true } from)
                sender.Send(maker.Number(from), s, message, bytes.Span, IsConnectedTo(from, s) ? null : s);
            else if (s.Socket.PeerState == UnixPeer.Gone && message.Address == s.Socket.PeerAddress && maker.StandIns.TryGetValue(s.Socket.Inode, out var standIn))
                sender.Send(standIn, s, message, bytes.Span, null);
            else
                sender.Send(PassingSender(message.Address, s), s, message, bytes.Span, s);
        }
    }

    private bool IsConnectedTo(UnixSaved from, UnixSaved s)
        => (_connected.Contains(from.Socket.Inode) ? from.Socket.Peer : maker.Paired.GetValueOrDefault(from.Socket.Inode)) == s.Socket.Inode;

    /// <summary>A socket that sends for one that was closed, or that is not known; it has the address that the message shows.</summary>
    private int PassingSender(UnixAddress address, UnixSaved receiver)
    {
        if (_passing.TryGetValue(address, out var number))
            return number;
        _passing[address] = number = server.Reserve();
        maker.Make(number, SocketType.Datagram, receiver.Label);
        if (address.IsAbstract && !maker.TryBindAbstract(number, address))
        {
            _lostNames.Add(address);
            maker.NameLost(receiver, address);
        }
        else if (address.IsFile)
            _passingPlaces[address] = maker.Places.Bind(number, receiver.Label, address, UnixFile.None);
        return number;
    }

    /// <summary>Only now: a closed end tells the other one so, and with unread data that the connection was reset.</summary>
    private void CloseStandIns()
    {
        foreach (var (inode, number) in maker.StandIns)
        {
            var s = image.Get(inode);
            if (s.Socket is { HasError: true, IsDatagram: false })
                SocketMessages.Send(sender.Socket(maker.Number(s), s.Label), [0], [], []);
            Close(number, s);
        }
        foreach (var (_, number) in _passing)
            Close(number, null);
    }

    private void Close(int number, UnixSaved? s)
    {
        sender.Release(number);
        InServer(batch => batch.Must("close", s?.Label, Sys.close, number));
    }
}
