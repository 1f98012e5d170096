using System.Diagnostics;
using CrCore.Kernel;
using CrCore.Objects.Files;
using static CrCore.Objects.Sockets.Inet.InetRestore;

namespace CrCore.Objects.Sockets.Inet;

/// <summary>
/// One TCP connection on its way back: made in repair mode, its queues filled, led through the states of closing, and let go at
/// last. Until then a filter keeps everything from it but the segments that it is led by.
/// </summary>
internal sealed class TcpConnection(OwnDescriptor own, SavedDescription saved, InetSocketRecord socket, TcpEstablishedPolicy policy, SegmentInjector injector)
{
    private const int ShutWrite = 1;

    /// <summary>Of a connection that is only made to be closed: any number does.</summary>
    private const uint AnySequence = 1 << 20;

    /// <summary>At once as a rule. A machine that stands still for seconds must not fail it, and who drops what is injected makes it fail anyway.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    private readonly TcpConnectionRecord _state = saved.Get<TcpConnectionRecord>() ?? new() { SendSequence = AnySequence, ReceiveSequence = AnySequence, SendLength = 0, UnsentLength = 0, ReceiveLength = 0 };
    private readonly bool _isReal = policy == TcpEstablishedPolicy.Restore && saved.Get<TcpConnectionRecord>() is not null && socket.State != TcpState.Close;

    /// <summary>The state to be reached.</summary>
    private TcpState Goal => _isReal ? socket.State : TcpState.Close;

    public string Hold => _state.Hold;

    private bool PeerFin => Goal is TcpState.CloseWait or TcpState.LastAck or TcpState.Closing;

    private bool OwnFin => Goal is TcpState.FinWait1 or TcpState.FinWait2 or TcpState.LastAck or TcpState.Closing;

    /// <summary>The first byte that the other end has not acknowledged.</summary>
    private uint Unacknowledged => _isReal ? _state.SendSequence - (OwnFin ? 1u : 0) - _state.SendLength : _state.SendSequence;

    /// <summary>Behind the other end's last byte, without its FIN.</summary>
    private uint PeerEnd => _isReal ? _state.ReceiveSequence - (PeerFin ? 1u : 0) : _state.ReceiveSequence;

    private ushort WindowField => _isReal ? (ushort)Math.Min(ushort.MaxValue, _state.Window.SendWindow >> _state.SendScale) : ushort.MaxValue;

    /// <summary>Makes the connection, closed to the network.</summary>
    public void Make()
    {
        Must("entering repair mode", TcpRepair.Enter(own));
        Must("closing it to the network", SocketCalls.SetFilter(own, SegmentInjector.MarkFilter));
        var (send, receive) = Sizes();
        SocketCalls.SetNumber(own, SocketLevel.Socket, SocketLevel.SendBufferForce, Room(send));
        SocketCalls.SetNumber(own, SocketLevel.Socket, SocketLevel.ReceiveBufferForce, Room(receive));
        Sequence(TcpRepair.Queue.Send, Unacknowledged);
        Sequence(TcpRepair.Queue.Receive, PeerEnd - receive);
        Must($"binding to {socket.Local}", BoundAddress.WithDevice(own, socket, () => InetCalls.Bind(own, socket.Local.ToSockaddr())));
        // What is sent is cut by the size that holds when the connection is made (tcp_connect_init in net/ipv4/tcp_output.c):
        // to tell the negotiated one afterwards leaves it at the 536 bytes of a peer that said nothing.
        if (_isReal)
            SegmentSize(Math.Clamp((int)_state.MaxSegment, TcpRepair.LeastSegment, TcpRepair.LargestSegment));
        Must($"making the connection {socket.Local} - {socket.Remote}", BoundAddress.WithDevice(own, socket, () => InetCalls.Connect(own, socket.Remote.ToSockaddr())));
        if (_isReal)
        {
            SegmentSize(0);
            Negotiated();
        }
        Fill(TcpRepair.Queue.Receive, isSend: false, 0, receive);
        if (_isReal)
            Fill(TcpRepair.Queue.Send, isSend: true, 0, _state.SendLength - _state.UnsentLength);
        Lead();
        if (_isReal)
            Must("setting the windows", TcpRepair.SetWindow(own, ReachedWindow));
        Must("leaving the queues", TcpRepair.Select(own, TcpRepair.Queue.None));
    }

    /// <summary>Where the other end's FIN comes last, the window was not yet opened behind it.</summary>
    private TcpRepairWindow ReachedWindow => Goal == TcpState.Closing && !_state.FinSent && _state.Window.ReceiveWup == _state.ReceiveSequence
        ? _state.Window with { ReceiveWup = PeerEnd } : _state.Window;

    /// <summary>What the two ends agreed on, in their first segments.</summary>
    private void Negotiated()
    {
        var options = new List<TcpRepairOption> { new(TcpRepairOption.MaxSegment, _state.MaxSegment) };
        if ((_state.Options & TcpRepair.OptionWindowScale) != 0)
            options.Add(new(TcpRepairOption.Window, _state.SendScale | (uint)_state.ReceiveScale << 16));
        if ((_state.Options & TcpRepair.OptionSelectiveAck) != 0)
            options.Add(new(TcpRepairOption.SelectiveAck, 0));
        if ((_state.Options & TcpRepair.OptionTimestamps) != 0)
            options.Add(new(TcpRepairOption.Timestamps, 0));
        Must("setting what was negotiated", TcpRepair.SetOptions(own, options.ToArray()));
        if ((_state.Options & TcpRepair.OptionTimestamps) != 0)
            Must("setting the timestamp clock", SocketCalls.SetNumber(own, TcpRepair.Level, TcpRepair.Timestamp, unchecked((int)_state.Timestamp)));
    }

    private (uint Send, uint Receive) Sizes()
    {
        uint send = 0, receive = 0;
        foreach (var record in saved.Records)
            if (record is TcpDataRecord data)
                (send, receive) = data.IsSend ? (send + (uint)data.Bytes.Length, receive) : (send, receive + (uint)data.Bytes.Length);
        if (_isReal && (send != _state.SendLength || receive != _state.ReceiveLength))
            throw new CrImageException("CrImageBadFiles", $"The image is broken: {saved.Task}: the queues of {saved.Label} have {send} and {receive} bytes, {_state.SendLength} and {_state.ReceiveLength} are due.",
                saved.Task.Offset, "The image is damaged or was not written by this format; take another copy.");
        return (send, receive);
    }

    /// <summary>The kernel counts what its buffers take, which is more than what they hold; and doubles what is asked for.</summary>
    private static int Room(uint bytes) => (int)Math.Min(int.MaxValue / 2, bytes * 2L + (1 << 20));

    private void SegmentSize(int bytes)
        => Must("setting the segment size", SocketCalls.SetNumber(own, TcpRepair.Level, TcpRepair.MaxSegment, bytes));

    private void Sequence(TcpRepair.Queue queue, uint number)
    {
        Must("selecting a queue", TcpRepair.Select(own, queue));
        Must("setting a sequence number", TcpRepair.SetSequence(own, number));
    }

    /// <summary>Puts a part of a saved queue back.</summary>
    private void Fill(TcpRepair.Queue queue, bool isSend, uint from, uint to)
    {
        if (queue != TcpRepair.Queue.None)
            Must("selecting a queue", TcpRepair.Select(own, queue));
        var at = 0L;
        foreach (var record in saved.Records)
        {
            if (record is not TcpDataRecord data || data.IsSend != isSend)
                continue;
            var (start, end) = (Math.Max(from, at), Math.Min(to, at + data.Bytes.Length));
            if (start < end)
                Send(data.Bytes.Span[(int)(start - at)..(int)(end - at)]);
            at += data.Bytes.Length;
        }
    }

    private void Send(ReadOnlySpan<byte> bytes)
    {
        var piece = 1 << 16;
        while (bytes.Length > 0)
        {
            var n = InetCalls.Send(own, bytes[..Math.Min(piece, bytes.Length)]);
            // A large piece may find no memory in one go.
            if (n == -(int)Errno.ENOMEM && piece > 1 << 10)
            {
                piece >>= 1;
                continue;
            }
            Must("filling a queue", n > 0 ? Errno.None : n == 0 ? Errno.EIO : (Errno)(-n));
            bytes = bytes[(int)n..];
        }
    }

    /// <summary>From an established connection to the saved state, by what either end did.</summary>
    private void Lead()
    {
        switch (Goal)
        {
            case TcpState.CloseWait:
                ReceiveFin(TcpState.CloseWait);
                break;
            case TcpState.LastAck:
                ReceiveFin(TcpState.CloseWait);
                if (_state.FinSent)
                    SendFin();
                break;
            case TcpState.FinWait1 when _state.FinSent:
                SendFin();
                break;
            case TcpState.FinWait2:
                SendFin();
                Inject(PeerEnd, _state.SendSequence, TcpSegment.Acknowledge, TcpState.FinWait2);
                break;
            case TcpState.Closing when _state.FinSent:
                SendFin();
                ReceiveFin(TcpState.Closing);
                break;
            case TcpState.Close when socket.HasError && socket.State == TcpState.Close:
                Inject(PeerEnd, Unacknowledged, TcpSegment.Reset | TcpSegment.Acknowledge, TcpState.Close);
                break;
            case TcpState.Close:
                // Closed by the other end first: this way no TIME_WAIT is left over.
                ReceiveFin(TcpState.CloseWait);
                SendFin();
                Inject(PeerEnd + 1, _state.SendSequence + 1, TcpSegment.Acknowledge, TcpState.Close);
                break;
        }
    }

    /// <summary>In repair mode, with its queue selected, it counts as sent and stays here (tcp_write_xmit in net/ipv4/tcp_output.c).</summary>
    private void SendFin()
    {
        Must("selecting the send queue", TcpRepair.Select(own, TcpRepair.Queue.Send));
        Must("shutting it down", InetCalls.Shutdown(own, ShutWrite));
    }

    private void ReceiveFin(TcpState due) => Inject(PeerEnd, Unacknowledged, TcpSegment.Fin | TcpSegment.Acknowledge, due);

    private void Inject(uint sequence, uint acknowledged, byte flags, TcpState due)
    {
        injector.Send(saved, socket, sequence, acknowledged, flags, WindowField);
        var started = Stopwatch.GetTimestamp();
        TcpState state;
        while ((state = LiveInetSocket.StateOf(own)) != due)
        {
            if (Stopwatch.GetElapsedTime(started) > _patience)
                throw new CrTargetException("CrTcpState", $"{saved.Task}: {saved.Label} is in the state {state} and did not go on to {due}.", "A firewall may drop what goes from the connection's remote address to its local one within this machine.") { Object = saved.Label };
            Thread.Sleep(1);
        }
    }

    /// <summary>Lets the network in again, no more of it than the saved buffer takes.</summary>
    public void Open()
    {
        SocketOptions.Restore(own, saved, o => o is { Level: SocketLevel.Socket, Name: SocketLevel.ReceiveBuffer });
        Must("opening it to the network", SocketCalls.SetNumber(own, SocketLevel.Socket, SocketLevel.DetachFilter, 0));
        SocketFilter.Restore(own, saved);
    }

    /// <summary>
    /// Leaves repair mode. A window probe makes the other end say what it has, so that nothing waits for a retransmission:
    /// what was acknowledged while packets were held back was acknowledged to nobody.
    /// </summary>
    public void GoOn() => Must("leaving repair mode", TcpRepair.LeaveWithProbe(own));

    /// <summary>Sends what never was sent, and the FIN behind it; then come the options, buffer sizes among them.</summary>
    public void SendRest()
    {
        if (_isReal)
        {
            Fill(TcpRepair.Queue.None, isSend: true, _state.SendLength - _state.UnsentLength, _state.SendLength);
            if (OwnFin && !_state.FinSent && Goal != TcpState.FinWait2)
            {
                Must("shutting it down", InetCalls.Shutdown(own, ShutWrite));
                if (Goal == TcpState.Closing)
                    injector.Send(saved, socket, PeerEnd, Unacknowledged, TcpSegment.Fin | TcpSegment.Acknowledge, WindowField);
            }
            // Reading alone was shut down by the program, without the other end's knowledge.
            if ((socket.Shutdown & 1) != 0 && !PeerFin)
                InetCalls.Shutdown(own, 0);
        }
        SocketOptions.Restore(own, saved, o => !InetOptions.IsBeforeBind(o.Level, o.Name));
    }

    private void Must(string what, Errno errno) => InetRestore.Must(saved, what, errno);
}
