using System.Runtime.InteropServices;

namespace CrCore.Kernel;

/// <summary>struct __kernel_timespec of linux/time_types.h.</summary>
/// <param name="Nanoseconds">0 … 999,999,999.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct TimeSpec(long Seconds, long Nanoseconds)
{
    public bool IsZero => Seconds == 0 && Nanoseconds == 0;
}

/// <summary>struct __kernel_itimerspec (timer_settime(2), timerfd_settime(2)).</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct TimerSpec(TimeSpec Interval, TimeSpec Value);

/// <summary>struct timeval of linux/time.h.</summary>
/// <param name="Microseconds">0 … 999,999.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct TimeVal(long Seconds, long Microseconds)
{
    public bool IsZero => Seconds == 0 && Microseconds == 0;
}

/// <summary>struct itimerval of linux/time.h (setitimer(2)).</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct IntervalTimer(TimeVal Interval, TimeVal Value);
