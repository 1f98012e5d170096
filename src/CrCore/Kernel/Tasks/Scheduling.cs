using System.Runtime.InteropServices;

namespace CrCore.Kernel;

/// <summary>SCHED_* of sched(7).</summary>
public enum SchedulingPolicy : uint
{
    Other = 0,
    Fifo = 1,
    RoundRobin = 2,
    Batch = 3,
    Idle = 5,
    Deadline = 6,
    Extensible = 7,
}

/// <summary>struct sched_attr of linux/sched/types.h, as sched_getattr(2) and sched_setattr(2) take it.</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct SchedulingAttributes
{
    /// <summary>SCHED_FLAG_RESET_ON_FORK.</summary>
    public const ulong ResetOnFork = 1;

    private uint _size;
    private SchedulingPolicy _policy;
    private ulong _flags;
    private int _nice;
    private uint _priority;
    private ulong _runtime;
    private ulong _deadline;
    private ulong _period;
    private uint _utilMin;
    private uint _utilMax;

    /// <summary>Bytes that the kernel filled.</summary>
    public uint Size { readonly get => _size; set => _size = value; }
    public SchedulingPolicy Policy { readonly get => _policy; set => _policy = value; }
    /// <summary>SCHED_FLAG_*.</summary>
    public ulong Flags { readonly get => _flags; set => _flags = value; }
    /// <summary>-20 … 19 for Other and Batch.</summary>
    public int Nice { readonly get => _nice; set => _nice = value; }
    /// <summary>1 … 99 for Fifo and RoundRobin, else 0.</summary>
    public uint Priority { readonly get => _priority; set => _priority = value; }
    /// <summary>Nanoseconds: a deadline task's budget, or a custom slice of an ordinary one.</summary>
    public ulong Runtime { readonly get => _runtime; set => _runtime = value; }
    public ulong Deadline { readonly get => _deadline; set => _deadline = value; }
    public ulong Period { readonly get => _period; set => _period = value; }
    public uint UtilMin { readonly get => _utilMin; set => _utilMin = value; }
    public uint UtilMax { readonly get => _utilMax; set => _utilMax = value; }
}

/// <summary>Scheduling of one thread by its tid (sched(7)). The Try methods return false when it is gone.</summary>
public static unsafe class Scheduling
{
    private const string Failed = "CrSchedulingFailed";

    public static bool TryGet(int tid, out SchedulingAttributes attributes)
    {
        attributes = default;
        fixed (SchedulingAttributes* a = &attributes)
            return Check(Libc.Syscall(Sys.sched_getattr, tid, (long)a, sizeof(SchedulingAttributes)), "Reading the scheduling attributes", tid) >= 0;
    }

    /// <exception cref="CrKernelException">EPERM: a raise of priority without CAP_SYS_NICE; EINVAL: values out of range.</exception>
    public static bool TrySet(int tid, SchedulingAttributes attributes)
    {
        attributes.Size = (uint)sizeof(SchedulingAttributes);
        return Check(Libc.Syscall(Sys.sched_setattr, tid, (long)(&attributes)), "Setting the scheduling attributes", tid) >= 0;
    }

    /// <summary>The processors that a thread may run on: bit n of word n/64 is processor n. Trailing words of zeros are left out.</summary>
    public static bool TryGetAffinity(int tid, out ulong[] processors)
    {
        // The call is EINVAL for a buffer smaller than the kernel's own mask; CONFIG_NR_CPUS is at most 8,192.
        var words = stackalloc ulong[128];
        processors = [];
        var n = Check(Libc.Syscall(Sys.sched_getaffinity, tid, 128 * sizeof(ulong), (long)words), "Reading the affinity", tid);
        if (n < 0)
            return false;
        processors = new ReadOnlySpan<ulong>(words, (int)n / sizeof(ulong)).TrimEnd(0ul).ToArray();
        return true;
    }

    /// <exception cref="CrKernelException">EINVAL: none of the processors is on line and in the thread's cpuset.</exception>
    public static bool TrySetAffinity(int tid, ReadOnlySpan<ulong> processors)
    {
        fixed (ulong* words = processors)
            return Check(Libc.Syscall(Sys.sched_setaffinity, tid, processors.Length * sizeof(ulong), (long)words), "Setting the affinity", tid) >= 0;
    }

    /// <summary>Lets others run, and charges the calling thread for what it ran.</summary>
    public static void Yield() => Check(Libc.Syscall(Sys.sched_yield), "Yielding", 0);

    /// <summary>The nice value of a thread, -20 … 19.</summary>
    public static bool TryGetNice(int tid, out int nice)
    {
        // The raw call gives 20 - nice, so that it is never negative (getpriority(2)).
        var n = Check(Libc.Syscall(Sys.getpriority, 0, tid), "Reading the nice value", tid);
        nice = n < 0 ? 0 : 20 - (int)n;
        return n >= 0;
    }

    public static bool TrySetNice(int tid, int nice)
        => Check(Libc.Syscall(Sys.setpriority, 0, tid, nice), "Setting the nice value", tid) >= 0;

    /// <summary>The I/O priority: class in bits 13 … 15, level below; class 0 means that it follows the nice value (ioprio_get(2)).</summary>
    public static bool TryGetIoPriority(int tid, out int priority)
    {
        const int whoProcess = 1;
        var n = Check(Libc.Syscall(Sys.ioprio_get, whoProcess, tid), "Reading the I/O priority", tid);
        priority = n < 0 ? 0 : (int)n;
        return n >= 0;
    }

    public static bool TrySetIoPriority(int tid, int priority)
    {
        const int whoProcess = 1;
        return Check(Libc.Syscall(Sys.ioprio_set, whoProcess, tid, priority), "Setting the I/O priority", tid) >= 0;
    }

    private static long Check(long result, string doing, int tid)
        => result >= 0 || result == -(int)Errno.ESRCH ? result : throw KernelError.Create(Failed, $"{doing} of task {tid} failed", Libc.ErrnoOf(result), tid);
}
