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

    /// <summary>Which saved sockets are connected to which by now.</summary>
    private readonly Dictionary<ulong, ulong> _peers = [];

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
        foreach (var (message, bytes) in UnixMessages.Whole(s.Saved))
            sender.Send(from, s, message, bytes.Span, null);
    }

    /// <summary>
    /// A datagram socket that is connected takes messages from its peer alone, and nobody else can be connected to it any more
    /// (unix_may_send in net/unix/af_unix.c). So first whoever is connected to it, then what came from others, then it, then
    /// what its peer sent.
    /// </summary>
    private void LinkDatagrams()
    {
        PartPairs();
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

    private bool Waits(UnixSaved s) => s.Socket.PeerState == UnixPeer.Saved && !maker.Pairs.Stays(s);

    /// <summary>Before one end of a pair goes elsewhere, the end that stays gets what waits in it. Who goes has nothing yet that would be thrown away.</summary>
    private void PartPairs()
    {
        foreach (var s in image.All)
            if (maker.Pairs.Stays(s))
                foreach (var (message, bytes) in UnixMessages.Whole(s.Saved))
                    sender.Send(maker.PartnerNumber(s), s, message, bytes.Span, null);
        byte[] unspecified = [0, 0];
        foreach (var s in image.All)
            if (maker.Pairs.Stays(s))
                _peers[s.Socket.Inode] = s.Socket.Peer;
            else if (maker.Pairs.Has(s))
                InServer(batch => batch.Must("disconnect", s.Label, Sys.connect, maker.Number(s), batch.In(unspecified), unspecified.Length));
    }

    private void LinkDatagram(UnixSaved s, HashSet<ulong> done, Dictionary<ulong, int> due, Queue<UnixSaved> ready)
    {
        if (!done.Add(s.Socket.Inode) || maker.Pairs.Stays(s))
            return;
        var before = maker.Order.BeforeConnecting(s);
        foreach (var (message, bytes) in UnixMessages.Whole(s.Saved))
        {
            if (before-- == 0)
                ConnectDatagram(s);
            Refill(s, message, bytes.Span);
        }
        if (before >= 0)
            ConnectDatagram(s);
        if (Waits(s) && --due[s.Socket.Peer] == 0)
            ready.Enqueue(image.Get(s.Socket.Peer));
    }

    private void ConnectDatagram(UnixSaved s)
    {
        switch (s.Socket.PeerState)
        {
            case UnixPeer.Saved:
                var peer = image.Get(s.Socket.Peer);
                maker.Connect(maker.Number(s), s.Socket.PeerCredentials, peer.Socket.Address, maker.PlaceOf(peer.Socket.Inode), s.Label);
                _peers[s.Socket.Inode] = s.Socket.Peer;
                break;
            case UnixPeer.Outside:
                maker.Connect(maker.Number(s), null, s.Socket.PeerAddress, null, s.Label);
                break;
            case UnixPeer.Gone:
                ConnectToClosed(s);
                break;
        }
    }

    private void ConnectToClosed(UnixSaved s)
    {
        PassingSender(s.Socket.PeerAddress, s);
        if (!_lostNames.Contains(s.Socket.PeerAddress))
            maker.Connect(maker.Number(s), s.Socket.PeerCredentials, s.Socket.PeerAddress, _passingPlaces.GetValueOrDefault(s.Socket.PeerAddress), s.Label);
    }

    private void Refill(UnixSaved s, UnixMessageRecord message, ReadOnlySpan<byte> bytes)
    {
        if (s.Socket.Address.IsNone)
            sender.Send(maker.PartnerNumber(s), s, message, bytes, null);
        else if (image.Find(message.Sender) is { Socket.IsDatagram: true } from)
            sender.Send(maker.Number(from), s, message, bytes, _peers.GetValueOrDefault(from.Socket.Inode) == s.Socket.Inode ? null : s);
        else
            sender.Send(PassingSender(message.Address, s), s, message, bytes, s);
    }

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
