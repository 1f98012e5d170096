using System.Runtime.InteropServices;

namespace CrCore.Kernel;

/// <summary>Window state of a connection (struct tcp_repair_window of linux/tcp.h).</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct TcpRepairWindow(uint SendWl1, uint SendWindow, uint MaxWindow, uint ReceiveWindow, uint ReceiveWup);

/// <summary>An option negotiated when a connection was made (struct tcp_repair_opt of linux/tcp.h).</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct TcpRepairOption(uint Code, uint Value)
{
    /// <summary>TCPOPT_* of net/tcp.h.</summary>
    public const uint MaxSegment = 2, Window = 3, SelectiveAck = 4, Timestamps = 8;
}

/// <summary>
/// TCP_REPAIR (tcp(7), do_tcp_setsockopt in net/ipv4/tcp.c): a mode in which a connection's state can be read and written and
/// nothing is sent. It needs CAP_NET_ADMIN over the socket's network namespace.
/// </summary>
internal static unsafe class TcpRepair
{
    /// <summary>SOL_TCP and its options (linux/tcp.h).</summary>
    public const int Level = 6, MaxSegment = 2, Info = 11, Repair = 19, RepairQueue = 20, QueueSequence = 21, RepairOptions = 22, Timestamp = 24, RepairWindow = 29;

    /// <summary>What TCP_MAXSEG can be set to, beside 0 (TCP_MIN_MSS and MAX_TCP_WINDOW of net/tcp.h).</summary>
    public const int LeastSegment = 88, LargestSegment = 32767;

    private const int On = 1, Off = 0, OffSilently = -1;

    public enum Queue
    {
        None = 0,
        Receive = 1,
        Send = 2,
    }

    public static Errno Enter(OwnDescriptor socket) => SocketCalls.SetNumber(socket, Level, Repair, On);

    /// <summary>Leaves the mode without the window probe that else wakes the other end (TCP_REPAIR_OFF_NO_WP).</summary>
    public static Errno Leave(OwnDescriptor socket) => SocketCalls.SetNumber(socket, Level, Repair, OffSilently);

    /// <summary>Leaves the mode with a window probe, which the other end answers.</summary>
    public static Errno LeaveWithProbe(OwnDescriptor socket) => SocketCalls.SetNumber(socket, Level, Repair, Off);

    public static Errno Select(OwnDescriptor socket, Queue queue) => SocketCalls.SetNumber(socket, Level, RepairQueue, (int)queue);

    /// <summary>The sequence number behind the last byte of the selected queue.</summary>
    public static uint GetSequence(OwnDescriptor socket, out Errno errno) => unchecked((uint)SocketCalls.GetNumber(socket, Level, QueueSequence, out errno));

    public static Errno SetSequence(OwnDescriptor socket, uint sequence) => SocketCalls.SetNumber(socket, Level, QueueSequence, unchecked((int)sequence));

    public static Errno GetWindow(OwnDescriptor socket, out TcpRepairWindow window)
    {
        TcpRepairWindow value = default;
        var r = SocketCalls.GetOption(socket, Level, RepairWindow, new Span<byte>(&value, sizeof(TcpRepairWindow)));
        window = value;
        return Libc.ErrnoOf(r);
    }

    public static Errno SetWindow(OwnDescriptor socket, TcpRepairWindow window)
        => SocketCalls.SetOption(socket, Level, RepairWindow, new ReadOnlySpan<byte>(&window, sizeof(TcpRepairWindow)));

    public static Errno SetOptions(OwnDescriptor socket, ReadOnlySpan<TcpRepairOption> options)
        => SocketCalls.SetOption(socket, Level, RepairOptions, MemoryMarshal.AsBytes(options));

    /// <summary>The state and what was negotiated (the first bytes of struct tcp_info).</summary>
    public static Errno GetInfo(OwnDescriptor socket, out TcpState state, out byte options, out byte sendScale, out byte receiveScale)
    {
        Span<byte> info = stackalloc byte[8];
        var r = SocketCalls.GetOption(socket, Level, Info, info);
        state = (TcpState)info[0];
        options = info[5];
        sendScale = (byte)(info[6] & 0xf);
        receiveScale = (byte)(info[6] >> 4);
        return Libc.ErrnoOf(r);
    }

    /// <summary>Bits of tcpi_options.</summary>
    public const byte OptionTimestamps = 1, OptionSelectiveAck = 2, OptionWindowScale = 4;
}
