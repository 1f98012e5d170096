namespace CrHarness.Plans;

/// <summary>What becomes of a signal.</summary>
public enum HandlerKind
{
    /// <summary>SIG_DFL.</summary>
    Default,
    /// <summary>SIG_IGN.</summary>
    Ignore,
    /// <summary>A handler of the program's own.</summary>
    Handle,
}

/// <summary>Flags of sigaction(2).</summary>
[Flags]
public enum ActionFlags
{
    /// <summary>No flags.</summary>
    None = 0,
    /// <summary>SA_RESTART.</summary>
    Restart = 1,
    /// <summary>SA_NODEFER.</summary>
    NoDefer = 2,
    /// <summary>SA_ONSTACK.</summary>
    OnStack = 4,
    /// <summary>SA_SIGINFO.</summary>
    SigInfo = 8,
    /// <summary>SA_NOCLDSTOP.</summary>
    NoChildStop = 16,
    /// <summary>SA_RESETHAND.</summary>
    ResetHand = 32,
}

/// <summary>The disposition of one signal, sigaction(2).</summary>
public sealed record ActionPlan
{
    /// <summary>The signal, 1 to 64.</summary>
    public int Signal { get; init; }

    /// <summary>What becomes of it.</summary>
    public HandlerKind Handler { get; init; }

    /// <summary>How.</summary>
    public ActionFlags Flags { get; init; }

    /// <summary>Signals blocked while the handler runs, bit n-1 for signal n.</summary>
    public ulong Mask { get; init; }
}

/// <summary>A pending signal, queued with a value. Real-time signals queue, others are pending once.</summary>
/// <param name="Signal">One that is blocked where it pends.</param>
/// <param name="Value">sival_int or sival_ptr.</param>
public sealed record PendingPlan(int Signal = 0, uint Value = 0);

/// <summary>What a timer of setitimer(2) counts.</summary>
public enum IntervalClock
{
    /// <summary>ITIMER_REAL.</summary>
    Real,
    /// <summary>ITIMER_VIRTUAL.</summary>
    Virtual,
    /// <summary>ITIMER_PROF.</summary>
    Profile,
}

/// <summary>A timer of setitimer(2), far from expiring unless <see cref="Fired"/>.</summary>
public sealed record IntervalPlan
{
    /// <summary>What it counts.</summary>
    public IntervalClock Clock { get; init; }

    /// <summary>Seconds to the first expiry: 3600 to 1000000.</summary>
    public int Seconds { get; init; } = 86400;

    /// <summary>Seconds between later ones, or 0.</summary>
    public int Interval { get; init; }

    /// <summary>The first expiry is past and its SIGALRM (blocked) still pending; for <see cref="IntervalClock.Real"/>.</summary>
    public bool Fired { get; init; }
}

/// <summary>The clock of a timer.</summary>
public enum PosixClock
{
    /// <summary>CLOCK_REALTIME.</summary>
    RealTime,
    /// <summary>CLOCK_MONOTONIC.</summary>
    Monotonic,
    /// <summary>CLOCK_BOOTTIME.</summary>
    BootTime,
    /// <summary>CLOCK_PROCESS_CPUTIME_ID.</summary>
    ProcessCpu,
}

/// <summary>How a timer tells that it has run out (sigevent(3type)).</summary>
public enum TimerNotify
{
    /// <summary>SIGEV_SIGNAL.</summary>
    Signal,
    /// <summary>SIGEV_NONE.</summary>
    None,
    /// <summary>SIGEV_THREAD_ID.</summary>
    Thread,
}

/// <summary>A timer of timer_create(2).</summary>
public sealed record PosixTimerPlan
{
    /// <summary>Its clock.</summary>
    public PosixClock Clock { get; init; }

    /// <summary>How it tells.</summary>
    public TimerNotify Notify { get; init; }

    /// <summary>The signal that it sends, 1 to 64.</summary>
    public int Signal { get; init; } = 34;

    /// <summary>The value sent along.</summary>
    public uint Value { get; init; }

    /// <summary>Whether it runs.</summary>
    public bool Armed { get; init; }

    /// <summary>Seconds to the first expiry.</summary>
    public int Seconds { get; init; } = 86400;

    /// <summary>Seconds between later ones, or 0.</summary>
    public int Interval { get; init; }
}
