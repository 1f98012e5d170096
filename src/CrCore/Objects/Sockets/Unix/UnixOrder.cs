namespace CrCore.Objects.Sockets.Unix;

/// <summary>
/// In which order a datagram socket got its messages and its connection. A full queue stops neither the end that the socket is
/// connected to nor the socket itself (unix_dgram_sendmsg in net/unix/af_unix.c), so more can wait than the bound of a queue
/// lets others send: net.unix.max_dgram_qlen and one. Who connects loses nothing of what waits then; who goes elsewhere loses all.
/// </summary>
internal sealed class UnixOrder(UnixImage image)
{
    public UnixPairs Pairs { get; } = new(image);

    /// <summary>How many of its messages came before it was connected to its end of now; all others that one sent.</summary>
    public int BeforeConnecting(UnixSaved s)
    {
        if (Pairs.Stays(s))
            return 0;
        var (before, at) = (0, 0);
        foreach (var message in UnixMessages.Heads(s.Saved))
        {
            at++;
            if (!IsFromPeer(s, message))
                before = at;
        }
        return before;
    }

    /// <summary>What net.unix.max_dgram_qlen must at least be for all of its messages to be sent once more.</summary>
    /// <param name="canConnect">Whether it can be connected to its end of now.</param>
    public int LeastBound(UnixSaved s, bool canConnect)
    {
        var before = canConnect ? BeforeConnecting(s) : int.MaxValue;
        var (least, at) = (0, 0);
        foreach (var message in UnixMessages.Heads(s.Saved).Take(before))
        {
            if (message.Sender != s.Socket.Inode)
                least = at;
            at++;
        }
        return least;
    }

    private bool IsFromPeer(UnixSaved s, UnixMessageRecord message)
        => !s.Socket.Address.IsNone && s.Socket.PeerState switch
        {
            UnixPeer.Saved => message.Sender == s.Socket.Peer,
            UnixPeer.Gone => message.Address == s.Socket.PeerAddress && image.Find(message.Sender) is null,
            _ => false,
        };
}
