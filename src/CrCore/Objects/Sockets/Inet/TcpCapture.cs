using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;

namespace CrCore.Objects.Sockets.Inet;

/// <summary>Reads the state and the queues of a TCP connection. Its packets are held back meanwhile (<see cref="TcpHold"/>).</summary>
internal static class TcpCapture
{
    private const int PieceSize = TcpDataRecord.MaxBytes;

    /// <summary>Of a connection that both ends have a part in.</summary>
    public static List<ICrRecord> ReadConnection(OwnDescriptor own, Descriptor d, InetSocketRecord socket, string hold)
    {
        // The mode changes this option, and its end takes it away (do_tcp_setsockopt in net/ipv4/tcp.c).
        var reuse = SocketCalls.GetNumber(own, SocketLevel.Socket, SocketLevel.ReuseAddress, out _);
        Must(d, "entering the repair mode of", TcpRepair.Enter(own));
        try
        {
            return ReadInRepair(own, d, socket, hold);
        }
        finally
        {
            Must(d, "leaving the repair mode of", TcpRepair.Leave(own));
            Must(d, "setting SO_REUSEADDR again of", SocketCalls.SetNumber(own, SocketLevel.Socket, SocketLevel.ReuseAddress, reuse));
        }
    }

    private static List<ICrRecord> ReadInRepair(OwnDescriptor own, Descriptor d, InetSocketRecord socket, string hold)
    {
        Must(d, "reading the state of", TcpRepair.GetInfo(own, out _, out var options, out var sendScale, out var receiveScale));
        Must(d, "reading the windows of", TcpRepair.GetWindow(own, out var window));
        var maxSegment = SocketCalls.GetNumber(own, TcpRepair.Level, TcpRepair.MaxSegment, out var errno);
        Must(d, "reading the segment size of", errno);
        var timestamp = SocketCalls.GetNumber(own, TcpRepair.Level, TcpRepair.Timestamp, out errno);
        Must(d, "reading the timestamp clock of", errno);

        Must(d, "selecting the send queue of", TcpRepair.Select(own, TcpRepair.Queue.Send));
        var sendSequence = TcpRepair.GetSequence(own, out errno);
        Must(d, "reading the sequence number of", errno);
        var queued = Length(d, SocketCalls.AskNumber(own, SocketCalls.OutputQueue));
        var notSent = Length(d, SocketCalls.AskNumber(own, InetCalls.NotSent));
        // A FIN that is not acknowledged counts as a byte of the queue.
        var fin = socket.State is TcpState.FinWait1 or TcpState.LastAck or TcpState.Closing ? 1u : 0;
        var finSent = fin != 0 && notSent == 0;
        var sendLength = queued - Math.Min(fin, queued);
        var unsentLength = notSent - Math.Min(finSent ? 0 : fin, notSent);
        var send = ReadQueue(own, d, sendLength, isSend: true);

        Must(d, "selecting the receive queue of", TcpRepair.Select(own, TcpRepair.Queue.Receive));
        var receiveSequence = TcpRepair.GetSequence(own, out errno);
        Must(d, "reading the sequence number of", errno);
        var receiveLength = Length(d, SocketCalls.AskNumber(own, SocketCalls.InputQueue));
        var receive = ReadQueue(own, d, receiveLength, isSend: false);
        receiveLength += ReadBehindUrgent(own, receiveLength, receive);
        Must(d, "leaving the queues of", TcpRepair.Select(own, TcpRepair.Queue.None));
        return
        [
            new TcpConnectionRecord
            {
                SendSequence = sendSequence,
                ReceiveSequence = receiveSequence,
                SendLength = sendLength,
                UnsentLength = Math.Min(unsentLength, sendLength),
                FinSent = finSent,
                ReceiveLength = receiveLength,
                MaxSegment = (uint)maxSegment,
                Options = options,
                SendScale = sendScale,
                ReceiveScale = receiveScale,
                Timestamp = unchecked((uint)timestamp),
                Window = window,
                Hold = hold,
            },
            .. receive,
            .. send,
        ];
    }

    /// <summary>What a closed connection still has to be read.</summary>
    public static List<ICrRecord> ReadClosed(OwnDescriptor own, Descriptor d)
        => [.. ReadQueue(own, d, Length(d, SocketCalls.AskNumber(own, SocketCalls.InputQueue)), isSend: false)];

    /// <summary>
    /// Urgent data that was read already leaves a mark behind, at which counting (FIONREAD) and reading stop (tcp_recvmsg_locked in
    /// net/ipv4/tcp.c). A peek that begins there goes on behind it. On the wire nothing tells where in the queue it was.
    /// </summary>
    /// <returns>The bytes behind the mark; 0 when there is none, or a kernel older than 6.9, which has no SO_PEEK_OFF of TCP.</returns>
    private static uint ReadBehindUrgent(OwnDescriptor own, uint before, List<TcpDataRecord> pieces)
    {
        var offset = SocketCalls.GetNumber(own, SocketLevel.Socket, SocketLevel.PeekOffset, out var errno);
        if (errno != Errno.None)
            return 0;
        const int mark = 1;
        var found = 0u;
        try
        {
            // Hardly any connection has something there.
            Span<byte> first = stackalloc byte[1];
            if (SocketCalls.SetNumber(own, SocketLevel.Socket, SocketLevel.PeekOffset, (int)before) != Errno.None || InetCalls.Peek(own, first) <= 0)
                return 0;
            var buffer = new byte[PieceSize];
            while (SocketCalls.SetNumber(own, SocketLevel.Socket, SocketLevel.PeekOffset, (int)(before + found) + (found > 0 ? mark : 0)) == Errno.None
                && InetCalls.Peek(own, buffer) is > 0 and var n)
            {
                pieces.Add(new(false, buffer[..(int)n]));
                found += (uint)n;
            }
        }
        finally
        {
            SocketCalls.SetNumber(own, SocketLevel.Socket, SocketLevel.PeekOffset, offset);
        }
        return found;
    }

    /// <summary>Copies a whole queue. A peek starts at its beginning always, so the buffer has to hold all of it.</summary>
    private static List<TcpDataRecord> ReadQueue(OwnDescriptor own, Descriptor d, uint length, bool isSend)
    {
        if (length == 0)
            return [];
        var bytes = new byte[length];
        var offset = SocketCalls.GetNumber(own, SocketLevel.Socket, SocketLevel.PeekOffset, out var errno);
        if (errno == Errno.None && offset >= 0)
            SocketCalls.SetNumber(own, SocketLevel.Socket, SocketLevel.PeekOffset, -1);
        var n = InetCalls.Peek(own, bytes);
        if (errno == Errno.None && offset >= 0)
            SocketCalls.SetNumber(own, SocketLevel.Socket, SocketLevel.PeekOffset, offset);
        if (n != length)
            throw new CrKernelException("CrTcpFailed", $"Task {d.Pid}: copying the {length} bytes of a queue of {d.Label} ({n})", n < 0 ? (Errno)(-n) : Errno.EIO) { Pid = d.Pid, Object = d.Label };
        var pieces = new List<TcpDataRecord>();
        for (var at = 0; at < bytes.Length; at += PieceSize)
            pieces.Add(new(isSend, bytes.AsMemory(at, Math.Min(PieceSize, bytes.Length - at))));
        return pieces;
    }

    private static uint Length(Descriptor d, long result)
        => result >= 0 ? (uint)result : throw Failed(d, "reading the length of a queue of", (Errno)(-result));

    private static void Must(Descriptor d, string what, Errno errno)
    {
        if (errno != Errno.None)
            throw Failed(d, what, errno);
    }

    private static CrKernelException Failed(Descriptor d, string what, Errno errno)
        => new("CrTcpFailed", $"Task {d.Pid}: {what} {d.Label}", errno, errno == Errno.EPERM ? "Run with CAP_NET_ADMIN in the task's network namespace." : null) { Pid = d.Pid, Object = d.Label };
}
