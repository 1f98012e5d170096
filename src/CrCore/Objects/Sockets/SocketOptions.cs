using System.Buffers.Binary;
using CrCore.Kernel;
using CrCore.Objects.Files;
using O = CrCore.Kernel.SocketLevel;

namespace CrCore.Objects.Sockets;

/// <summary>An option that is kept.</summary>
/// <param name="Size">Bytes of its value: 4 for an int.</param>
/// <param name="SkipsEmpty">An empty value says that there is nothing to keep, and cannot be set.</param>
public readonly record struct SocketOption(int Level, int Name, string Text, int Size = 4, bool SkipsEmpty = false);

/// <summary>
/// Captures a socket's options and puts them back. A family adds the options of its own levels to the table of SOL_SOCKET.
/// </summary>
internal static class SocketOptions
{
    /// <summary>
    /// Options of SOL_SOCKET (socket(7)), in the order in which they are set: the sizes before what locks them, what a
    /// program of before the year 2038 asks for before what newer ones do (one bit says which of the two was the last). Not here is what only asks.
    /// </summary>
    public static IReadOnlyList<SocketOption> Common { get; } =
    [
        new(O.Socket, O.Debug, "SO_DEBUG"),
        new(O.Socket, O.ReuseAddress, "SO_REUSEADDR"),
        new(O.Socket, O.ReusePort, "SO_REUSEPORT"),
        new(O.Socket, O.DontRoute, "SO_DONTROUTE"),
        new(O.Socket, O.Broadcast, "SO_BROADCAST"),
        new(O.Socket, O.SendBuffer, "SO_SNDBUF"),
        new(O.Socket, O.ReceiveBuffer, "SO_RCVBUF"),
        new(O.Socket, O.BufferLock, "SO_BUF_LOCK"),
        new(O.Socket, O.KeepAlive, "SO_KEEPALIVE"),
        new(O.Socket, O.OutOfBandInline, "SO_OOBINLINE"),
        new(O.Socket, O.NoCheck, "SO_NO_CHECK"),
        new(O.Socket, O.Priority, "SO_PRIORITY"),
        new(O.Socket, O.Linger, "SO_LINGER", 8),
        new(O.Socket, O.PassCredentials, "SO_PASSCRED"),
        new(O.Socket, O.ReceiveLowWater, "SO_RCVLOWAT"),
        new(O.Socket, O.ReceiveTimeout, "SO_RCVTIMEO", 16),
        new(O.Socket, O.SendTimeout, "SO_SNDTIMEO", 16),
        new(O.Socket, O.TimeStamp, "SO_TIMESTAMP"),
        new(O.Socket, O.TimeStampNs, "SO_TIMESTAMPNS"),
        new(O.Socket, O.TimeStampNew, "SO_TIMESTAMP_NEW"),
        new(O.Socket, O.TimeStampNsNew, "SO_TIMESTAMPNS_NEW"),
        new(O.Socket, O.TimeStamping, "SO_TIMESTAMPING", 8),
        new(O.Socket, O.TimeStampingNew, "SO_TIMESTAMPING_NEW", 8),
        new(O.Socket, O.PassSecurity, "SO_PASSSEC"),
        new(O.Socket, O.Mark, "SO_MARK"),
        new(O.Socket, O.ReceiveQueueOverflow, "SO_RXQ_OVFL"),
        new(O.Socket, O.WifiStatus, "SO_WIFI_STATUS"),
        new(O.Socket, O.PeekOffset, "SO_PEEK_OFF"),
        new(O.Socket, O.NoFrameCheck, "SO_NOFCS"),
        new(O.Socket, O.SelectErrorQueue, "SO_SELECT_ERR_QUEUE"),
        new(O.Socket, O.BusyPoll, "SO_BUSY_POLL"),
        new(O.Socket, O.PreferBusyPoll, "SO_PREFER_BUSY_POLL"),
        new(O.Socket, O.BusyPollBudget, "SO_BUSY_POLL_BUDGET"),
        new(O.Socket, O.MaxPacingRate, "SO_MAX_PACING_RATE", 8),
        new(O.Socket, O.ZeroCopy, "SO_ZEROCOPY"),
        new(O.Socket, O.TransmitTime, "SO_TXTIME", 8),
        new(O.Socket, O.TransmitRehash, "SO_TXREHASH"),
        new(O.Socket, O.ReceiveMark, "SO_RCVMARK"),
        new(O.Socket, O.PassPidFd, "SO_PASSPIDFD"),
        new(O.Socket, O.ReceivePriority, "SO_RCVPRIORITY"),
        new(O.Socket, O.PassRights, "SO_PASSRIGHTS"),
        new(O.Socket, O.IncomingCpu, "SO_INCOMING_CPU"),
        new(O.Socket, O.ReserveMemory, "SO_RESERVE_MEM"),
        new(O.Socket, O.BindToInterface, "SO_BINDTOIFINDEX"),
        // The last: a locked filter can be neither changed nor taken off (SocketFilter.Restore comes first).
        new(O.Socket, O.LockFilter, "SO_LOCK_FILTER"),
    ];

    /// <summary>Reads options through a descriptor of this process; those that the socket or the kernel does not have are left out.</summary>
    /// <param name="table">One table or several, in the order of setting.</param>
    public static SocketOptionsRecord Capture(OwnDescriptor socket, Descriptor d, params ReadOnlySpan<IReadOnlyList<SocketOption>> table)
    {
        var values = new List<SocketOptionValue>();
        Span<byte> buffer = stackalloc byte[SocketOptionValue.MaxBytes];
        foreach (var part in table)
            foreach (var option in part)
            {
                var n = SocketCalls.GetOption(socket, option.Level, option.Name, buffer[..option.Size]);
                if (n == 0 && option.SkipsEmpty)
                    continue;
                if (n >= 0)
                    values.Add(new(option.Level, option.Name, buffer[..(int)n].ToArray()));
                else if ((Errno)(-n) is not (Errno.ENOPROTOOPT or Errno.EOPNOTSUPP or Errno.EINVAL))
                    throw new CrKernelException("CrSocketOptionFailed", $"Task {d.Pid}: reading the option {option.Text} of {d.Label}", (Errno)(-n)) { Pid = d.Pid, Object = d.Label };
            }
        return new(values);
    }

    /// <summary>
    /// Sets what differs, through a descriptor of this process. What a new socket has already is not touched, so that no
    /// right is needed for it.
    /// </summary>
    /// <param name="which">Only these; null for all.</param>
    public static void Restore(OwnDescriptor socket, SavedDescription saved, Func<SocketOptionValue, bool>? which = null)
    {
        if (saved.Get<SocketOptionsRecord>() is not { } record)
            return;
        Span<byte> buffer = stackalloc byte[SocketOptionValue.MaxBytes];
        foreach (var option in record.Values)
        {
            if (which is not null && !which(option))
                continue;
            var n = SocketCalls.GetOption(socket, option.Level, option.Name, buffer[..Math.Max(option.Value.Length, sizeof(int))]);
            if (n >= 0 && buffer[..(int)n].SequenceEqual(option.Value.Span))
                continue;
            var errno = Set(socket, option);
            if (errno != Errno.None)
                throw new CrKernelException("CrSocketOptionFailed", $"{saved.Task}: setting the option {Name(option)} of {saved.Label}", errno,
                    errno == Errno.EPERM ? "Restore with CAP_NET_ADMIN." : null) { Object = saved.Label };
        }
    }

    /// <summary>Sets some on a socket that only answers a question; what it does not take is no answer yet.</summary>
    internal static void TryRestore(OwnDescriptor socket, SavedDescription saved, Func<SocketOptionValue, bool> which)
    {
        foreach (var option in saved.Get<SocketOptionsRecord>()?.Values ?? [])
            if (which(option))
                Set(socket, option);
    }

    private static Errno Set(OwnDescriptor socket, SocketOptionValue option) => (option.Level, option.Name) switch
    {
        (O.Socket, O.SendBuffer) => SetBuffer(socket, option, O.SendBufferForce),
        (O.Socket, O.ReceiveBuffer) => SetBuffer(socket, option, O.ReceiveBufferForce),
        (O.Socket, O.TimeStamping or O.TimeStampingNew) => SetTimeStamping(socket, option),
        _ => SocketCalls.SetOption(socket, option.Level, option.Name, option.Value.Span),
    };

    /// <summary>
    /// A connection that has ended cannot begin to count what it sends any more, as it had done while it lasted
    /// (sock_set_timestamping in net/core/sock.c), and has nothing more to count.
    /// </summary>
    private static Errno SetTimeStamping(OwnDescriptor socket, SocketOptionValue option)
    {
        const uint optId = 1 << 7, optIdTcp = 1 << 16;
        var errno = SocketCalls.SetOption(socket, option.Level, option.Name, option.Value.Span);
        if (errno != Errno.EINVAL || option.Value.Length < sizeof(uint))
            return errno;
        var value = option.Value.ToArray();
        BinaryPrimitives.WriteUInt32LittleEndian(value, BinaryPrimitives.ReadUInt32LittleEndian(value) & ~(optId | optIdTcp));
        return SocketCalls.SetOption(socket, option.Level, option.Name, value);
    }

    /// <summary>The kernel doubles what is asked for (__sock_set_rcvbuf in net/core/sock.c). Only with CAP_NET_ADMIN may it be more than net.core.wmem_max or rmem_max.</summary>
    private static Errno SetBuffer(OwnDescriptor socket, SocketOptionValue option, int force)
    {
        var half = option.Value.Length >= sizeof(int) ? BinaryPrimitives.ReadInt32LittleEndian(option.Value.Span) / 2 : 0;
        var errno = SocketCalls.SetNumber(socket, O.Socket, force, half);
        return errno == Errno.EPERM ? SocketCalls.SetNumber(socket, O.Socket, option.Name, half) : errno;
    }

    private static string Name(SocketOptionValue value)
    {
        foreach (var option in Common)
            if (option.Level == value.Level && option.Name == value.Name)
                return option.Text;
        return $"{value.Name} of level {value.Level}";
    }
}
