using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Sockets.Unix;

/// <summary>Where a Unix socket is on its way.</summary>
public enum UnixState
{
    /// <summary>New, bound, or a datagram socket without a peer.</summary>
    Unconnected = 0,
    /// <summary>It takes connections (listen(2)).</summary>
    Listening = 1,
    /// <summary>It has, or had, a peer.</summary>
    Connected = 2,
    /// <summary>Connected to a listening socket that has not accepted it yet.</summary>
    Pending = 3,
}

/// <summary>What is known of a Unix socket's peer.</summary>
public enum UnixPeer
{
    /// <summary>It never had one.</summary>
    None = 0,
    /// <summary>A socket of the image.</summary>
    Saved = 1,
    /// <summary>It was closed.</summary>
    Gone = 2,
    /// <summary>A socket outside of the tree, to be connected to anew by its address.</summary>
    Outside = 3,
}

/// <summary>What became of the file that a Unix socket is bound to.</summary>
public enum UnixFileState
{
    /// <summary>It is bound to no file.</summary>
    None = 0,
    /// <summary>The name leads to the socket.</summary>
    Named = 1,
    /// <summary>The name was removed.</summary>
    Removed = 2,
}

/// <summary>The file that a socket is bound to.</summary>
/// <param name="State">Whether the name still leads to the socket.</param>
/// <param name="Path">Where it is, from the root of the mount namespace; the address may name it otherwise.</param>
/// <param name="Device">With <paramref name="Inode"/>: the same for a listening socket and those that it accepted.</param>
/// <param name="Mode">Permissions.</param>
/// <param name="Uid">Owner.</param>
/// <param name="Gid">Group of the owner.</param>
public sealed record UnixFile(UnixFileState State, string Path, ulong Device, ulong Inode, uint Mode, uint Uid, uint Gid)
{
    /// <summary>Of a socket that is bound to no file.</summary>
    public static UnixFile None { get; } = new(UnixFileState.None, "", 0, 0, 0, 0, 0);
}

/// <summary>UNIX_SOCKET (510): a Unix socket, behind its FD_DATA and FNAME. Sockets name each other by their inodes of then.</summary>
public sealed record UnixSocketRecord : IDescribedRecord, IPairedRecord
{
    private const int MaxPending = 65536;

    internal const int MaxSize = 4096 + 8 * MaxPending + 65_536;

    /// <inheritdoc/>
    public short Type => UnixRecordIds.Socket;
    /// <inheritdoc/>
    public uint Parent => 0;

    /// <summary>Of the socket when it was saved: other records name it so.</summary>
    public required ulong Inode { get; init; }

    /// <summary>SOCK_STREAM, SOCK_DGRAM or SOCK_SEQPACKET.</summary>
    public required int SocketType { get; init; }

    /// <summary>Whether it waits, takes connections or has one.</summary>
    public required UnixState State { get; init; }

    /// <summary>Of listen(2).</summary>
    public int Backlog { get; init; }

    /// <summary>1 nothing more is received, 2 nothing more is sent.</summary>
    public int Shutdown { get; init; }

    /// <summary>Which of <see cref="Peer"/> and <see cref="PeerAddress"/> says where its other end is.</summary>
    public UnixPeer PeerState { get; init; }

    /// <summary>The peer's inode when it is saved, too.</summary>
    public ulong Peer { get; init; }

    /// <summary>What it was bound to.</summary>
    public UnixAddress Address { get; init; } = UnixAddress.None;

    /// <summary>What its peer was bound to; a peer outside of the tree is connected to by it.</summary>
    public UnixAddress PeerAddress { get; init; } = UnixAddress.None;

    /// <summary>Behind an address that is a pathname.</summary>
    public UnixFile File { get; init; } = UnixFile.None;

    /// <summary>An error (ECONNRESET) waits to be told.</summary>
    public bool HasError { get; init; }

    /// <summary>SO_PEERCRED, as the tree's namespaces see it; for a listening socket, whom its clients will see. Pid 0: nobody of the tree.</summary>
    public SocketCredentials? PeerCredentials { get; init; }

    /// <summary>Of a listening socket: those that wait to be accepted, the oldest first.</summary>
    public IReadOnlyList<ulong> Pending { get; init; } = [];

    /// <summary>It has no connections: a peer is what it sends to where nothing is said, and need not know of it.</summary>
    public bool IsDatagram => SocketType == Kernel.SocketType.Datagram;

    ulong IPairedRecord.End => Inode;

    ulong IPairedRecord.OtherEnd => PeerState == UnixPeer.Saved ? Peer : 0;

    string IDescribedRecord.Description => State switch
    {
        UnixState.Listening => $"listening at {Address}",
        UnixState.Unconnected => $"at {Address}",
        _ when PeerState == UnixPeer.Gone => $"{Address}, the other end is closed",
        _ => $"{Address} to {PeerAddress}",
    };

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U64(Inode);
        w.I32(SocketType);
        w.U32((uint)State);
        w.I32(Backlog);
        w.I32(Shutdown);
        w.U32((uint)PeerState);
        w.U32(HasError ? 1u : 0);
        w.U64(Peer);
        w.U32((uint)File.State);
        w.U64(File.Device);
        w.U64(File.Inode);
        w.U32(File.Mode);
        w.U32(File.Uid);
        w.U32(File.Gid);
        w.U32(PeerCredentials is null ? 0u : 1);
        w.I32(PeerCredentials?.Pid ?? 0);
        w.U32(PeerCredentials?.Uid ?? 0);
        w.U32(PeerCredentials?.Gid ?? 0);
        Address.Write(ref w);
        PeerAddress.Write(ref w);
        w.Text(File.Path);
        w.U32((uint)Pending.Count);
        foreach (var inode in Pending)
            w.U64(inode);
    }

    internal static UnixSocketRecord Read(uint parent, ref FieldReader r)
    {
        var record = new UnixSocketRecord
        {
            Inode = r.U64(),
            SocketType = r.I32(),
            State = (UnixState)r.U32(),
            Backlog = r.I32(),
            Shutdown = r.I32(),
            PeerState = (UnixPeer)r.U32(),
            HasError = r.U32() != 0,
            Peer = r.U64(),
        };
        var file = new UnixFile((UnixFileState)r.U32(), "", r.U64(), r.U64(), r.U32(), r.U32(), r.U32());
        var hasCredentials = r.U32() != 0;
        var credentials = new SocketCredentials(r.I32(), r.U32(), r.U32());
        record = record with
        {
            PeerCredentials = hasCredentials ? credentials : null,
            Address = UnixAddress.Read(ref r),
            PeerAddress = UnixAddress.Read(ref r),
            File = file with { Path = r.Text() },
        };
        var pending = new ulong[r.Count(sizeof(ulong))];
        for (var i = 0; i < pending.Length; i++)
            pending[i] = r.U64();
        if (pending.Length > MaxPending)
            throw r.Bad($"{pending.Length} connections wait at one socket");
        if (record.SocketType is not (Kernel.SocketType.Stream or Kernel.SocketType.Datagram or Kernel.SocketType.SequencedPacket) || !Enum.IsDefined(record.State)
            || !Enum.IsDefined(record.PeerState) || !Enum.IsDefined(record.File.State) || record.Shutdown is < 0 or > 3)
            throw r.Bad("a Unix socket has a type or state that there is not");
        return record with { Pending = pending };
    }

    /// <inheritdoc/>
    public bool Equals(UnixSocketRecord? other)
        => other is not null && Inode == other.Inode && SocketType == other.SocketType && State == other.State && Backlog == other.Backlog
            && Shutdown == other.Shutdown && PeerState == other.PeerState && Peer == other.Peer && Address == other.Address && PeerAddress == other.PeerAddress
            && File == other.File && HasError == other.HasError && PeerCredentials == other.PeerCredentials && Pending.SequenceEqual(other.Pending);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Inode, SocketType, State);
}
