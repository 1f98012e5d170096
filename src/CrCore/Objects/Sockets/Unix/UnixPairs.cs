namespace CrCore.Objects.Sockets.Unix;

/// <summary>
/// Datagram sockets that socketpair(2) made together: nothing else connects one to a socket without a name, or sends to one.
/// Either may have been connected elsewhere since, and named, and closed.
/// </summary>
internal sealed class UnixPairs
{
    private readonly Dictionary<ulong, UnixSaved?> _partners = [];

    /// <exception cref="CrTargetException">A socket belongs to two pairs.</exception>
    public UnixPairs(UnixImage image)
    {
        var datagrams = image.All.Where(s => s.Socket.IsDatagram).ToList();
        foreach (var s in datagrams)
            if (s.Socket.PeerState == UnixPeer.Saved && image.Get(s.Socket.Peer) is { Socket.Address.IsNone: true } peer)
                Pair(s, peer);
        foreach (var s in datagrams)
            if (!_partners.ContainsKey(s.Socket.Inode) && HasClosedPartner(s))
                PairWithHeard(image, s);
    }

    /// <summary>It was made as one of a pair.</summary>
    public bool Has(UnixSaved s) => _partners.ContainsKey(s.Socket.Inode);

    /// <summary>The other one of its pair; null when that was closed.</summary>
    public UnixSaved? PartnerOf(UnixSaved s) => _partners[s.Socket.Inode];

    /// <summary>It is still connected to the other one: nobody else has ever sent to it.</summary>
    public bool Stays(UnixSaved s)
        => _partners.TryGetValue(s.Socket.Inode, out var partner)
            && (partner is not null ? s.Socket.PeerState == UnixPeer.Saved && s.Socket.Peer == partner.Socket.Inode
                : s.Socket.PeerState == UnixPeer.Gone && s.Socket.PeerAddress == AddressOfClosed(s));

    /// <summary>The name of a partner that was closed: what it sent has it.</summary>
    public static UnixAddress AddressOfClosed(UnixSaved s)
        => s.Socket is { PeerState: UnixPeer.Gone, PeerAddress.IsNone: true } ? UnixAddress.None : Heard(s)?.Address ?? UnixAddress.None;

    private static bool HasClosedPartner(UnixSaved s)
        => s.Socket is { PeerState: UnixPeer.Gone, PeerAddress.IsNone: true } || (s.Socket.Address.IsNone && Heard(s) is not null);

    private static UnixMessageRecord? Heard(UnixSaved s) => UnixMessages.Heads(s.Saved).FirstOrDefault();

    /// <summary>The partner may have got a name, and be connected elsewhere by now; then its messages tell that it is the one.</summary>
    private void PairWithHeard(UnixImage image, UnixSaved s)
    {
        if (s.Socket.PeerState == UnixPeer.Saved && image.Get(s.Socket.Peer) is var peer && peer != s && !Has(peer) && peer.Socket.Address == Heard(s)!.Address)
            Pair(s, peer);
        else
            _partners.Add(s.Socket.Inode, null);
    }

    private void Pair(UnixSaved a, UnixSaved b)
    {
        var (hasA, hasB) = (_partners.TryGetValue(a.Socket.Inode, out var ofA), Has(b));
        if (hasA && ofA == b)
            return;
        if (hasA || hasB || a == b)
            throw new CrTargetException("CrUnixTopology", $"{a.Saved.Task}: {a.Label} is connected to a socket without a name that is one of another pair; that cannot be made again.") { Object = a.Label };
        (_partners[a.Socket.Inode], _partners[b.Socket.Inode]) = (b, a);
    }
}
