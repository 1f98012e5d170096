namespace CrCore.Kernel;

/// <summary>clock_gettime(2).</summary>
public static unsafe class Clocks
{
    private const long NanosecondsPerSecond = 1_000_000_000;

    /// <summary>The time of a clock as this process has it.</summary>
    /// <param name="clock">CLOCK_* of linux/time.h.</param>
    /// <exception cref="CrKernelException">There is no such clock.</exception>
    public static TimeSpec Now(int clock)
    {
        TimeSpec now;
        var errno = Libc.ErrnoOf(Libc.Syscall(Sys.clock_gettime, clock, (long)&now));
        return errno == Errno.None ? now : throw new CrKernelException("CrClockFailed", $"Reading clock {clock}", errno);
    }

    /// <summary>The sum of two times.</summary>
    public static TimeSpec Plus(this TimeSpec a, TimeSpec b)
    {
        var ns = a.Nanoseconds + b.Nanoseconds;
        return new(a.Seconds + b.Seconds + ns / NanosecondsPerSecond, ns % NanosecondsPerSecond);
    }

    /// <summary>The difference, its nanoseconds 0 or more: what is negative has seconds below.</summary>
    public static TimeSpec Minus(this TimeSpec a, TimeSpec b)
    {
        var ns = a.Nanoseconds - b.Nanoseconds;
        return ns < 0 ? new(a.Seconds - b.Seconds - 1, ns + NanosecondsPerSecond) : new(a.Seconds - b.Seconds, ns);
    }
}
