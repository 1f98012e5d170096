using CrCore.Image;
using CrCore.Objects.Files;

namespace CrCore.Objects.Sockets.Unix;

/// <summary>A Unix socket of an image.</summary>
internal sealed record UnixSaved(SavedDescription Saved, UnixSocketRecord Socket)
{
    public string Label => Saved.Label;
}

/// <summary>The Unix sockets of an image by the inodes that they had.</summary>
internal sealed class UnixImage
{
    private readonly Dictionary<ulong, UnixSaved> _byInode = [];
    private readonly Dictionary<(int, UnixAddress, ulong, ulong), UnixSaved> _listeners = [];
    private readonly List<UnixSaved> _all = [];

    /// <exception cref="CrImageException">A socket names one that is not there.</exception>
    /// <param name="closeOutside">Sockets outside of the tree are taken for closed ones.</param>
    public UnixImage(SavedFiles files, bool closeOutside)
    {
        foreach (var saved in files.Descriptions)
            if (saved.Data.FdType == FdType.UnixSocket)
                Add(new UnixSaved(saved, Adapt(saved.Get<UnixSocketRecord>() ?? throw Broken(saved, "has no UNIX_SOCKET record"), closeOutside)));
        foreach (var s in _all)
            Check(s, files);
    }

    /// <summary>In the image's order.</summary>
    public IReadOnlyList<UnixSaved> All => _all;

    public UnixSaved Get(ulong inode) => _byInode[inode];

    public UnixSaved? Find(ulong inode) => _byInode.GetValueOrDefault(inode);

    /// <summary>The listening socket whose address, and file, a socket shares: it accepted that one. Null when there is none (any more).</summary>
    public UnixSaved? ListenerOf(UnixSocketRecord accepted)
        => accepted.Address.IsNone ? null : _listeners.GetValueOrDefault((accepted.SocketType, accepted.Address, accepted.File.Device, accepted.File.Inode));

    private static UnixSocketRecord Adapt(UnixSocketRecord socket, bool closeOutside)
        => closeOutside && socket.PeerState == UnixPeer.Outside ? socket with { PeerState = UnixPeer.Gone } : socket;

    private void Add(UnixSaved s)
    {
        if (!_byInode.TryAdd(s.Socket.Inode, s))
            throw Broken(s.Saved, $"has the inode {s.Socket.Inode} of another");
        _all.Add(s);
        if (s.Socket.State == UnixState.Listening)
            _listeners.TryAdd((s.Socket.SocketType, s.Socket.Address, s.Socket.File.Device, s.Socket.File.Inode), s);
    }

    private void Check(UnixSaved s, SavedFiles files)
    {
        if (s.Socket.PeerState == UnixPeer.Saved && Find(s.Socket.Peer)?.Socket.SocketType != s.Socket.SocketType)
            throw Broken(s.Saved, $"has the peer {s.Socket.Peer}, which is not there or of another type");
        if (s.Socket is { IsDatagram: false, PeerState: UnixPeer.Saved } && Find(s.Socket.Peer)!.Socket.Peer != s.Socket.Inode)
            throw Broken(s.Saved, $"has the peer {s.Socket.Peer}, which has another");
        foreach (var client in s.Socket.Pending)
            if (Find(client)?.Socket is not { State: UnixState.Pending })
                throw Broken(s.Saved, $"has the pending client {client}, which is not there");
        foreach (var record in s.Saved.Records)
            if (record is UnixMessageRecord message)
                foreach (var right in message.Rights)
                    if (files.TryDescription(right) is null)
                        throw Broken(s.Saved, $"holds description {right}, which is not there");
    }

    private static CrImageException Broken(SavedDescription saved, string what)
        => new("CrImageBadFiles", $"The image is broken: {saved.Task}: {saved.Label} {what}.", saved.Task.Offset, "The image is damaged or was not written by this format; take another copy.");
}
