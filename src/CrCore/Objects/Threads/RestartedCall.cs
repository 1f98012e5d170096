using CrCore.Kernel;

namespace CrCore.Objects.Threads;

/// <summary>
/// Which call a thread is in that goes on by restart_syscall(2): after an earlier stop the kernel put that number into
/// orig_rax, and only the arguments, which are still in their registers, tell the call. There are four that use the
/// restart block with these arguments (do_poll, futex_wait, hrtimer_nanosleep in the kernel's sources).
/// </summary>
internal static class RestartedCall
{
    private const ulong HighestClock = 16, LowestAddress = 0x1000;

    // FUTEX_WAIT, FUTEX_WAIT_BITSET; PRIVATE and CLOCK_REALTIME may be set.
    private const ulong FutexFlags = 0x180, FutexWait = 0, FutexWaitBitset = 9;

    /// <summary>Reads a timespec of the thread's memory; null where there is none.</summary>
    public delegate TimeSpec? TimeReader(ulong address);

    /// <returns>The call's number, or null when the arguments fit none.</returns>
    public static Sys? Infer(in Registers r, TimeReader time)
    {
        if (r.Rdi <= HighestClock && r.Rsi == 0 && IsTime(time, r.Rdx))
            return Sys.clock_nanosleep;
        if (r.Rdi >= LowestAddress && IsFutexWait(r.Rsi) && IsTime(time, r.R10))
            return Sys.futex;
        if (r.Rdi >= LowestAddress && (r.Rsi == 0 || r.Rsi >= LowestAddress) && IsTime(time, r.Rdi))
            return Sys.nanosleep;
        // poll(fds, count, milliseconds)
        if ((int)r.Rdx > 0 && r.Rsi < 1 << 20 && (r.Rdi >= LowestAddress || r.Rsi == 0))
            return Sys.poll;
        return null;
    }

    private static bool IsFutexWait(ulong operation) => (operation & ~FutexFlags) is FutexWait or FutexWaitBitset;

    private static bool IsTime(TimeReader time, ulong address)
        => address >= LowestAddress && time(address) is { Seconds: >= 0, Nanoseconds: >= 0 and < 1_000_000_000 };
}
