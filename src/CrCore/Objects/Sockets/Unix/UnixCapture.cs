using System.Runtime.InteropServices;
using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Objects.Given;

namespace CrCore.Objects.Sockets.Unix;

/// <summary>Writes the records of a frozen tree's Unix sockets.</summary>
internal sealed class UnixCapture
{
    private readonly DescriptorCapture _capture;
    private readonly UnixTable _table;
    private readonly TreeIds _ids;

    public UnixCapture(DescriptorCapture capture)
    {
        _capture = capture;
        _table = capture.Context.States.Get(() => new UnixTable(capture.Context.Proc, capture.Context.Root.Pid, [.. capture.All, .. capture.InFlight.All]));
        _ids = TreeIds.Of(capture.Context);
    }

    public IEnumerable<ICrRecord> Capture(Descriptor d)
    {
        using var own = _capture.Borrow(d);
        var socket = _table.Find(d.Status.Inode) ?? throw Changed(d, "CrUnixOtherNamespace", "is of another network namespace than the tree's root");
        var file = UnixFiles.Read(_capture.Context.Proc, own, d, socket, Namespaces.FurtherMounts.Of(_capture.Context)) ?? throw Changed(d, "CrUnixFileUnknown", $"is bound to the file {socket.Name}, and where that is cannot be told");
        SocketCalls.GetName(own, out var name);
        SocketCalls.GetPeerName(own, out var peerName);
        var record = new UnixSocketRecord
        {
            Inode = socket.Inode,
            SocketType = socket.Type,
            State = StateOf(socket),
            Backlog = socket.IsListening ? (int)Math.Min(socket.OutLength, int.MaxValue) : 0,
            Shutdown = socket.Shutdown & 3,
            Address = UnixAddress.FromSockAddr(name),
            PeerAddress = UnixAddress.FromSockAddr(peerName),
            File = file with { Uid = _ids.User(file.Uid), Gid = _ids.Group(file.Gid) },
            HasError = UnixQueue.HasError(own),
            PeerCredentials = PeerCredentials(own, d),
            Pending = [.. socket.Pending.Where(_table.IsOfTree)],
        };
        record = WithPeer(record, socket, d);
        if (record is { IsDatagram: true, HasError: true })
            _capture.Warn(d, "CrUnixError", "an error waits to be told by it, which is not kept");
        foreach (var part in SocketParts.Capture(own, d, record, SocketOptions.Common))
            yield return part;
        if (socket.IsListening)
            yield break;
        var queued = UnixQueue.Read(own, record.SocketType, d);
        var handed = 0;
        try
        {
            for (; handed < queued.Count; handed++)
                foreach (var message in Pieces(queued[handed], record, d))
                    yield return message;
        }
        finally
        {
            // What was handed on belongs to the capture.
            UnixQueue.Release(queued.Skip(handed));
        }
    }

    /// <summary>The records of one whose other end is outside and that is to be given; null for any other.</summary>
    public IReadOnlyList<ICrRecord>? TryGiven(Descriptor d)
    {
        if (_capture.Options.ExternalUnixSocket != ExternalUnixSocketPolicy.Given || _table.Find(d.Status.Inode) is not { IsListening: false } socket || !_table.OutsideOf(socket).Any())
            return null;
        using var own = _capture.Borrow(d);
        return SocketParts.Capture(own, d, new GivenRecord(FdType.UnixSocket, new(d.Socket, IsConnected: socket.Peer is not null)), SocketOptions.Common);
    }

    private UnixState StateOf(UnixDiagSocket socket)
        => socket.IsListening ? UnixState.Listening
            : socket.Peer is null ? UnixState.Unconnected
            : socket.Peer == 0 && _table.ListenerOf(socket.Inode) != 0 ? UnixState.Pending
            : UnixState.Connected;

    private UnixSocketRecord WithPeer(UnixSocketRecord record, UnixDiagSocket socket, Descriptor d)
    {
        var outside = !socket.IsListening && _table.OutsideOf(socket).Any();
        if (outside && _capture.Options.ExternalUnixSocket == ExternalUnixSocketPolicy.Fail)
            throw Changed(d, "CrExternalUnixSocket", "has its other end outside of the tree");
        return record.State switch
        {
            UnixState.Connected or UnixState.Pending when outside && _capture.Options.ExternalUnixSocket == ExternalUnixSocketPolicy.Reconnect
                => record with { State = UnixState.Connected, PeerState = UnixPeer.Outside },
            UnixState.Connected or UnixState.Pending when outside => record with { State = UnixState.Connected, PeerState = UnixPeer.Gone, Shutdown = record.IsDatagram ? record.Shutdown : 3 },
            UnixState.Connected when socket.Peer == 0 => record with { PeerState = UnixPeer.Gone },
            UnixState.Connected => record with { PeerState = UnixPeer.Saved, Peer = socket.Peer!.Value },
            _ => record,
        };
    }

    private IEnumerable<ICrRecord> Pieces(UnixQueued message, UnixSocketRecord socket, Descriptor d)
    {
        var record = new UnixMessageRecord
        {
            // One without a name hears its peer alone.
            Sender = socket.IsDatagram && !socket.Address.IsNone ? _table.SenderOf(message.Address, socket.Inode) : socket.Peer,
            Address = message.Address,
            Credentials = message.Credentials is { } c ? new SocketCredentials(_capture.ToVPid(c.Pid), _ids.User(c.Uid), _ids.Group(c.Gid)) : null,
            Rights = [.. message.Rights.Select(right => _capture.Hold(right, d))],
        };
        var bytes = message.Bytes.AsMemory();
        do
        {
            var piece = bytes[..Math.Min(bytes.Length, UnixMessageRecord.MaxBytes)];
            bytes = bytes[piece.Length..];
            yield return record with { Bytes = piece, Continues = bytes.Length > 0 };
            record = record with { Rights = [] };
        }
        while (bytes.Length > 0);
    }

    private SocketCredentials? PeerCredentials(OwnDescriptor own, Descriptor d)
    {
        const int nobody = -1;
        Span<byte> bytes = stackalloc byte[12];
        if (SocketCalls.GetOption(own, SocketLevel.Socket, SocketLevel.PeerCredentials, bytes) != bytes.Length)
            return null;
        var peer = MemoryMarshal.Read<SocketCredentials>(bytes);
        if (peer.Pid == 0 && peer.Uid == unchecked((uint)nobody))
            return null;
        var vpid = _capture.ToVPid(peer.Pid);
        if (vpid == 0)
            _capture.Warn(d, "CrUnixPeerCredentials", $"the process that its peer credentials (SO_PEERCRED) name, {peer.Pid}, is not a task of the tree; they will name the tree's root");
        return new SocketCredentials(vpid, _ids.User(peer.Uid), _ids.Group(peer.Gid));
    }

    private static CrTargetException Changed(Descriptor d, string id, string what)
        => new(id, $"Task {d.TaskPid}: {d.Label} {what} (since preflight).", "Run the checkpoint again: preflight says what is in the way.") { Pid = d.TaskPid, Object = d.Label };
}
