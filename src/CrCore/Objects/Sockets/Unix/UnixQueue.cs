using CrCore.Kernel;
using CrCore.Objects.Files;

namespace CrCore.Objects.Sockets.Unix;

/// <summary>A message that was looked at and not taken. Its descriptors are this process's; who has the list disposes of them.</summary>
internal sealed record UnixQueued(byte[] Bytes, UnixAddress Address, IReadOnlyList<OwnDescriptor> Rights, SocketCredentials? Credentials);

/// <summary>
/// Looks at what waits to be read, and leaves it there: MSG_PEEK from an offset that SO_PEEK_OFF sets (socket(7)). The offset
/// is the socket's own; with the tree frozen nobody sees that it moves, and it is put back at once.
/// </summary>
internal static class UnixQueue
{
    private const int PollErr = 8, PollReadHup = 0x2000, NoOffset = -1;

    private const int MaxMessageBytes = 256 << 20;

    public static List<UnixQueued> Read(OwnDescriptor socket, int type, Descriptor d)
    {
        var found = new List<UnixQueued>();
        var offset = SocketCalls.GetNumber(socket, SocketLevel.Socket, SocketLevel.PeekOffset, out var errno);
        var moved = false;
        if (errno != Errno.None)
            offset = NoOffset;
        try
        {
            if (type == SocketType.Stream)
                ReadStream(socket, offset, ref moved, d, found);
            else
                ReadMessages(socket, type, offset, ref moved, d, found);
        }
        catch
        {
            Release(found);
            throw;
        }
        finally
        {
            if (moved)
                SocketCalls.SetNumber(socket, SocketLevel.Socket, SocketLevel.PeekOffset, offset);
        }
        return found;
    }

    public static void Release(IEnumerable<UnixQueued> messages)
    {
        foreach (var message in messages)
            foreach (var right in message.Rights)
                right.Dispose();
    }

    /// <summary>An error waits to be told. Looking at a queue of messages would take it (__skb_try_recv_datagram in net/core/datagram.c).</summary>
    public static bool HasError(OwnDescriptor socket) => (socket.PollNow(0) & PollErr) != 0;

    private static void ReadStream(OwnDescriptor socket, int offset, ref bool moved, Descriptor d, List<UnixQueued> found)
    {
        // Only a look into an empty queue would take an error that waits.
        var due = SocketCalls.AskNumber(socket, SocketCalls.InputQueue);
        if (due is < 0 or > MaxMessageBytes)
            throw Failed(d, due < 0 ? (Errno)(-due) : Errno.EMSGSIZE);
        // All of it: a look that runs out of room goes on to the next descriptors all the same, and gives them too early.
        var buffer = new byte[due];
        for (long at = 0; at < due;)
        {
            // At the start none is needed, if the program has none: a tool that is killed here leaves nothing behind.
            if (at > 0 || offset != NoOffset)
                Move(socket, at, ref moved, d);
            var piece = Peek(socket, buffer, d) ?? throw Failed(d, Errno.EAGAIN);
            if (piece.Length == 0)
                throw Failed(d, Errno.EIO);
            if (piece.Rights.Count == 0)
            {
                found.Add(Queued(piece, buffer.AsSpan(0, (int)piece.Length)));
                at += piece.Length;
                continue;
            }
            // A look ends behind the first piece that carries descriptors, and has the bytes before it, too: where does it begin?
            var before = BytesBefore(socket, buffer.AsSpan(0, (int)piece.Length - 1), at, ref moved, d);
            if (before > 0)
                found.Add(new(buffer.AsSpan(0, before).ToArray(), UnixAddress.None, [], piece.Credentials));
            found.Add(Queued(piece, buffer.AsSpan(before, (int)piece.Length - before)));
            at += piece.Length;
        }
    }

    /// <summary>The bytes of the pieces before the last of a look: what is given with a byte less of room.</summary>
    private static int BytesBefore(OwnDescriptor socket, Span<byte> room, long at, ref bool moved, Descriptor d)
    {
        Move(socket, at, ref moved, d);
        var n = SocketMessages.PeekWholePieces(socket, room);
        return n >= 0 ? (int)n : n == -(int)Errno.EFAULT ? 0 : throw Failed(d, (Errno)(-n));
    }

    private static void ReadMessages(OwnDescriptor socket, int type, int offset, ref bool moved, Descriptor d, List<UnixQueued> found)
    {
        // One that was never connected says so instead of having none (unix_seqpacket_recvmsg in net/unix/af_unix.c).
        if (HasError(socket) || (type == SocketType.SequencedPacket && SocketCalls.GetPeerName(socket, out _) != Errno.None))
            return;
        if (offset != NoOffset)
            Move(socket, NoOffset, ref moved, d);
        // Once nothing more can come, the end of all messages looks like an empty one, but for what comes with each.
        var canEnd = type == SocketType.SequencedPacket && (socket.PollNow(PollReadHup) & PollReadHup) != 0;
        var adds = canEnd && SocketCalls.GetNumber(socket, SocketLevel.Socket, SocketLevel.PassCredentials, out _) == 0;
        if (adds)
            SocketCalls.SetNumber(socket, SocketLevel.Socket, SocketLevel.PassCredentials, 1);
        try
        {
            ReadEach(socket, canEnd, ref moved, d, found);
        }
        finally
        {
            if (adds)
                SocketCalls.SetNumber(socket, SocketLevel.Socket, SocketLevel.PassCredentials, 0);
        }
    }

    private static void ReadEach(OwnDescriptor socket, bool canEnd, ref bool moved, Descriptor d, List<UnixQueued> found)
    {
        // Without an offset the first is seen whatever it is; with one, an empty message is seen only once.
        var buffer = new byte[64 * 1024];
        for (long at = NoOffset; PeekWhole(socket, ref buffer, at, ref moved, d) is { } message;)
        {
            if (canEnd && message is { Length: 0, Credentials: null })
                break;
            found.Add(Queued(message, buffer.AsSpan(0, (int)message.Length)));
            at = Math.Max(0, at) + message.Length;
            Move(socket, at, ref moved, d);
        }
    }

    private static ReceivedMessage? PeekWhole(OwnDescriptor socket, ref byte[] buffer, long at, ref bool moved, Descriptor d)
    {
        var message = Peek(socket, buffer, d);
        if (message is null || message.Length <= buffer.Length)
            return message;
        Dispose(message);
        if (message.Length > MaxMessageBytes)
            throw Failed(d, Errno.EMSGSIZE);
        buffer = new byte[message.Length];
        // The look moved the offset by what there was room for.
        if (at != NoOffset)
            Move(socket, at, ref moved, d);
        return Peek(socket, buffer, d);
    }

    private static ReceivedMessage? Peek(OwnDescriptor socket, Span<byte> buffer, Descriptor d)
    {
        var message = SocketMessages.TryReceive(socket, buffer, MessageHeader.Peek | MessageHeader.DontWait | MessageHeader.Truncated, out var errno);
        if (message is null && errno != Errno.EAGAIN)
            throw Failed(d, errno);
        if (message is not null && (message.Flags & MessageHeader.ControlTruncated) != 0)
        {
            Dispose(message);
            throw Failed(d, Errno.EMFILE);
        }
        return message;
    }

    private static UnixQueued Queued(ReceivedMessage message, ReadOnlySpan<byte> bytes)
        => new(bytes.ToArray(), UnixAddress.FromSockAddr(message.Address), message.Rights, message.Credentials);

    private static void Move(OwnDescriptor socket, long offset, ref bool moved, Descriptor d)
    {
        moved = true;
        var errno = SocketCalls.SetNumber(socket, SocketLevel.Socket, SocketLevel.PeekOffset, (int)offset);
        if (errno != Errno.None)
            throw Failed(d, errno);
    }

    private static void Dispose(ReceivedMessage message)
    {
        foreach (var right in message.Rights)
            right.Dispose();
    }

    private static CrKernelException Failed(Descriptor d, Errno errno)
        => new("CrUnixQueueFailed", $"Task {d.TaskPid}: reading what waits in {d.Label}", errno,
            errno == Errno.EMFILE ? "Raise this program's limit of open files (ulimit -n)." : null) { Pid = d.TaskPid, Object = d.Label };
}
