using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Remote;

namespace CrCore.Objects.Sockets.Unix;

/// <summary>Makes all Unix sockets of an image in the server, bound and connected; datagram sockets are connected later, with their messages.</summary>
internal sealed class UnixMaker(DescriptorServer server, UnixImage image, UnixOrder order)
{
    private readonly UnixTasks _tasks = new(server);
    private readonly Dictionary<ulong, UnixPlaces.Place> _places = [];
    private readonly HashSet<ulong> _made = [];

    public UnixPlaces Places { get; } = new(server);

    public UnixTasks Tasks => _tasks;

    /// <summary>The server's numbers of sockets that only stand for one that was closed, by the inode of the other end.</summary>
    public Dictionary<ulong, int> StandIns { get; } = [];

    /// <summary>Which datagram sockets are made together.</summary>
    public UnixPairs Pairs => order.Pairs;

    /// <summary>When datagram sockets get their messages.</summary>
    public UnixOrder Order => order;

    /// <summary>The server's number of the other one of a pair of datagram sockets.</summary>
    public int PartnerNumber(UnixSaved s) => Pairs.PartnerOf(s) is { } partner ? Number(partner) : StandIns[s.Socket.Inode];

    public void MakeAll()
    {
        // Whoever is noted as the maker of a pair is so by the end that has not been connected elsewhere since.
        foreach (var s in image.All)
            if (Pairs.Stays(s) && !_made.Contains(s.Socket.Inode))
                MakeDatagramPair(s);
        foreach (var s in image.All)
            if (Pairs.Has(s) && !_made.Contains(s.Socket.Inode))
                MakeDatagramPair(s);
        foreach (var s in image.All)
            if (s.Socket.State is UnixState.Unconnected or UnixState.Listening && !_made.Contains(s.Socket.Inode))
                MakeAlone(s);
        foreach (var s in image.All)
            if (s.Socket.State == UnixState.Listening)
                _tasks.Run(s.Socket.PeerCredentials, [Number(s)], (batch, here) => batch.Must("listen at", s.Label, Sys.listen, here[0], s.Socket.Backlog));
        foreach (var s in image.All)
            if (s.Socket.IsDatagram && !_made.Contains(s.Socket.Inode))
                MakeAlone(s);
        foreach (var s in image.All)
            if (!_made.Contains(s.Socket.Inode) && s.Socket is { State: UnixState.Connected })
                MakeConnection(s);
        foreach (var s in image.All)
            foreach (var client in s.Socket.Pending)
            {
                MakeAlone(image.Get(client));
                Connect(Number(image.Get(client)), UnixTasks.Credentials(image.Get(client).Saved.Task), s.Socket.Address, PlaceOf(s.Socket.Inode), s.Label);
            }
    }

    public int Number(UnixSaved s) => server.NumberOf(s.Saved);

    private void MakeAlone(UnixSaved s)
    {
        Make(Number(s), s.Socket.SocketType, s.Label);
        Bind(s);
    }

    private void Bind(UnixSaved s)
    {
        _made.Add(s.Socket.Inode);
        if (s.Socket.Address.IsFile)
            _places[s.Socket.Inode] = Places.Bind(Number(s), s.Label, s.Socket.Address, s.Socket.File);
        else if (s.Socket.Address.IsAbstract)
            BindAbstract(Number(s), s.Label, s.Socket.Address);
    }

    public void Make(int number, int type, string label)
    {
        var batch = new SyscallBatch();
        DescriptorServer.Move(batch, label, batch.Must("make a Unix socket", label, Sys.socket, SocketFamily.Unix, type | SocketType.CloseOnExec, 0), number);
        server.Remote.Run(batch);
    }

    public void BindAbstract(int number, string label, UnixAddress address)
    {
        var batch = new SyscallBatch();
        var sockAddr = address.ToSockAddr();
        batch.Must($"bind to {address}", label, Sys.bind, number, batch.In(sockAddr), sockAddr.Length);
        server.Remote.Run(batch);
    }

    private void MakeDatagramPair(UnixSaved s)
    {
        var partner = Pairs.PartnerOf(s);
        if (partner is null)
            StandIns[s.Socket.Inode] = server.Reserve();
        _tasks.MakePair(s.Socket.PeerCredentials, SocketType.Datagram, Number(s), PartnerNumber(s), s.Label);
        Bind(s);
        if (partner is not null)
            Bind(partner);
        else
            BindStandIn(PartnerNumber(s), UnixPairs.AddressOfClosed(s), s);
    }

    /// <summary>Gives the address of a socket that was closed to what stands for it.</summary>
    private void BindStandIn(int number, UnixAddress address, UnixSaved of)
    {
        if (address.IsFile)
            Places.Bind(number, of.Label, address, UnixFile.None);
        else if (address.IsAbstract && !TryBindAbstract(number, address))
            NameLost(of, address);
    }

    private void MakeConnection(UnixSaved s)
    {
        if (s.Socket.PeerState == UnixPeer.Outside)
        {
            MakeAlone(s);
            // Whoever called connect(2) then, its task is as near as can be.
            var address = s.Socket.PeerAddress.ToSockAddr();
            _tasks.Run(UnixTasks.Credentials(s.Saved.Task), [Number(s)], (batch, here) => batch.Must($"connect to {s.Socket.PeerAddress}", s.Label, Sys.connect, here[0], batch.In(address), address.Length));
            return;
        }
        var other = s.Socket.PeerState == UnixPeer.Saved ? image.Get(s.Socket.Peer) : null;
        var end = new End(s, s.Socket, Number(s));
        var otherEnd = other is not null ? new End(other, other.Socket, Number(other)) : StandIn(s);
        _made.Add(s.Socket.Inode);
        if (other is not null)
            _made.Add(other.Socket.Inode);
        if (end.Socket.Address.IsNone && otherEnd.Socket.Address.IsNone)
            _tasks.MakePair(end.Socket.PeerCredentials ?? otherEnd.Socket.PeerCredentials, s.Socket.SocketType, end.Number, otherEnd.Number, s.Label);
        else if (IsAccepted(end, otherEnd))
            Accept(end, otherEnd);
        else
            Accept(otherEnd, end);
    }

    /// <param name="Of">Null for one that stands for a socket that was closed.</param>
    private sealed record End(UnixSaved? Of, UnixSocketRecord Socket, int Number);

    private End StandIn(UnixSaved s)
    {
        var number = StandIns[s.Socket.Inode] = server.Reserve();
        return new(null, new UnixSocketRecord { Inode = 0, SocketType = s.Socket.SocketType, State = UnixState.Connected, Address = s.Socket.PeerAddress }, number);
    }

    /// <summary>
    /// Which of two ends came out of accept(2): it has the address of the listening socket. Where that is gone and both have an
    /// address, it is the younger one.
    /// </summary>
    private bool IsAccepted(End a, End b)
        => image.ListenerOf(a.Socket) is not null
            || (image.ListenerOf(b.Socket) is null && !a.Socket.Address.IsNone && (b.Socket.Address.IsNone || a.Socket.Inode > b.Socket.Inode));

    private void Accept(End accepted, End client)
    {
        var of = (accepted.Of ?? client.Of)!;
        var listener = image.ListenerOf(accepted.Socket);
        if ((listener is not null ? (Number(listener), PlaceOf(listener.Socket.Inode)) : PassingListener(accepted, client, of)) is not var (number, place))
        {
            _tasks.MakePair(accepted.Socket.PeerCredentials ?? client.Socket.PeerCredentials, client.Socket.SocketType, accepted.Number, client.Number, of.Label);
            if (client.Of is not null)
                Bind(client.Of);
            return;
        }
        Make(client.Number, client.Socket.SocketType, of.Label);
        if (client.Of is not null)
            Bind(client.Of);
        else
            BindStandIn(client.Number, client.Socket.Address, of);
        Connect(client.Number, accepted.Socket.PeerCredentials, accepted.Socket.Address, place, of.Label);
        var batch = new SyscallBatch();
        DescriptorServer.Move(batch, of.Label, batch.Must("accept", of.Label, Sys.accept4, number, 0, 0, SocketType.CloseOnExec), accepted.Number);
        if (listener is null)
            batch.Must("close", of.Label, Sys.close, number);
        server.Remote.Run(batch);
    }

    /// <summary>The listening socket was closed; another one with its address stands for it until the connection is made. Null when the address is in use.</summary>
    private (int Number, UnixPlaces.Place? Place)? PassingListener(End accepted, End client, UnixSaved of)
    {
        var number = server.Reserve();
        Make(number, accepted.Socket.SocketType, of.Label);
        UnixPlaces.Place? place = null;
        if (accepted.Socket.Address.IsFile)
        {
            place = Places.Bind(number, of.Label, accepted.Socket.Address, UnixFile.None);
        }
        else if (!TryBindAbstract(number, accepted.Socket.Address))
        {
            NameLost(of, accepted.Socket.Address);
            return null;
        }
        _tasks.Run(client.Socket.PeerCredentials, [number], (batch, here) => batch.Must("listen for", of.Label, Sys.listen, here[0], 1));
        return (number, place);
    }

    /// <returns>False when the name is in use.</returns>
    public bool TryBindAbstract(int number, UnixAddress address)
    {
        var batch = new SyscallBatch();
        var sockAddr = address.ToSockAddr();
        var bound = batch.Try(Sys.bind, number, batch.In(sockAddr), sockAddr.Length);
        server.Remote.Run(batch);
        return batch.ErrnoOf(bound) == Errno.None;
    }

    /// <summary>The name of a socket that was closed is another's now: all that is lost is that it can still be read.</summary>
    public void NameLost(UnixSaved s, UnixAddress address)
        => server.Context.Warn(server.Context.Tasks[s.Saved.Task.Index], "CrUnixNameLost", s.Label, $"the abstract name {address} of a socket that was closed is in use by another; it is no longer told as an address of this one's other end");

    /// <summary>Connects to a bound socket: to one with a file where that is now.</summary>
    public void Connect(int number, SocketCredentials? who, UnixAddress address, UnixPlaces.Place? place, string label)
    {
        var sockAddr = place is null ? address.ToSockAddr() : UnixAddress.FromPath(LinuxText.Encode(place.Leaf)).ToSockAddr();
        _tasks.Run(who, [number], (batch, here) =>
        {
            if (place is not null)
                batch.Must("go to", place.Directory, Sys.chdir, batch.Text(place.Directory));
            batch.Must($"connect to {address} as", label, Sys.connect, here[0], batch.In(sockAddr), sockAddr.Length);
            if (place is not null)
                batch.Must("go back to the root", null, Sys.chdir, batch.Text("/"));
        });
    }

    public UnixPlaces.Place? PlaceOf(ulong inode) => _places.GetValueOrDefault(inode);
}
