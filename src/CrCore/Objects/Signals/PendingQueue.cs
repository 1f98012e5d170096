using System.Numerics;
using CrCore.Kernel;
using CrCore.Remote;

namespace CrCore.Objects.Signals;

/// <summary>Reads the queue of pending signals of a stopped thread, and makes it again in a puppet.</summary>
internal static class PendingQueue
{
    /// <summary>Signals in one batch: 200 bytes each.</summary>
    private const int PerBatch = 1_000, PerPeek = 32;

    private const int SigTrap = 5, SigKill = 9, SigStop = 19;

    /// <summary>siginfo of all that wait, 128 bytes each (PTRACE_PEEKSIGINFO takes none away).</summary>
    public static byte[] Peek(int tid, bool shared)
    {
        Span<byte> some = stackalloc byte[PerPeek * SigInfo.Length];
        var all = new List<byte>();
        while (all.Count < PendingSignalsRecord.MaxCount * SigInfo.Length)
        {
            var count = Ptrace.PeekSigInfo(tid, shared, (ulong)(all.Count / SigInfo.Length), some);
            if (count < 0)
                throw new CrKernelException("CrTraceFailed", $"Reading the pending signals of task {tid}", Libc.ErrnoOf(count)) { Pid = tid };
            if (count == 0)
                return [.. all];
            all.AddRange(some[..((int)count * SigInfo.Length)]);
        }
        throw new CrTargetException("CrTooManySignals", $"More than {PendingSignalsRecord.MaxCount} signals are pending for task {tid}.", "Let it take its signals and try again.") { Pid = tid };
    }

    /// <summary>
    /// Adds the signals of which only the number waits: beyond RLIMIT_SIGPENDING the kernel keeps nothing else of those that kill(2)
    /// sends, and tells the receiver of no sender (collect_signal in kernel/signal.c).
    /// </summary>
    public static byte[] Complete(byte[] infos, ulong pending)
    {
        // A thread that is being killed has this one so, too.
        var left = pending & ~(1UL << (SigKill - 1));
        for (var i = 0; i < infos.Length && left != 0; i += SigInfo.Length)
            left &= ~(1UL << (BitConverter.ToInt32(infos, i) - 1));
        var length = infos.Length;
        Array.Resize(ref infos, length + BitOperations.PopCount(left) * SigInfo.Length);
        for (; left != 0; left &= left - 1, length += SigInfo.Length)
            BitConverter.TryWriteBytes(infos.AsSpan(length), BitOperations.TrailingZeroCount(left) + 1);
        return infos;
    }

    /// <summary>
    /// Signals that no puppet can hold back: two that cannot be blocked, and the one that its own traps need.
    /// <see cref="LateSignals"/> sends them.
    /// </summary>
    public static bool IsLate(int signal) => signal is SigTrap or SigKill or SigStop;

    /// <summary>Queues the signals, by the task or thread itself: only then any si_code is allowed (rt_sigqueueinfo(2)).</summary>
    /// <param name="record">What to queue.</param>
    /// <param name="batch">Takes the first of them.</param>
    /// <param name="remote">Runs the rest in batches of its own.</param>
    /// <param name="add">Adds the call for one signal.</param>
    /// <returns>The rest's step, or null.</returns>
    public static Action? Queue(PendingSignalsRecord record, SyscallBatch batch, IRemoteTask remote, Action<SyscallBatch, int, RemoteBuffer> add)
    {
        AddRange(0, batch);
        if (record.Count <= PerBatch)
            return null;
        return () =>
        {
            var more = new SyscallBatch();
            for (var first = PerBatch; first < record.Count; first += PerBatch)
            {
                more.Reset();
                AddRange(first, more);
                remote.Run(more);
            }
        };

        void AddRange(int first, SyscallBatch to)
        {
            for (var i = first; i < Math.Min(record.Count, first + PerBatch); i++)
                if (!IsLate(record.Signal(i)))
                    add(to, record.Signal(i), to.In(record[i]));
        }
    }
}
