namespace CrHarness.Plans;

public enum HandlerKind { Default, Ignore, Handle }

[Flags]
public enum ActionFlags { None = 0, Restart = 1, NoDefer = 2, OnStack = 4, SigInfo = 8, NoChildStop = 16, ResetHand = 32 }

/// <summary>The disposition of one signal, sigaction(2).</summary>
public sealed record ActionPlan
{
    public int Signal { get; init; }

    public HandlerKind Handler { get; init; }

    public ActionFlags Flags { get; init; }

    /// <summary>Signals blocked while the handler runs, bit n-1 for signal n.</summary>
    public ulong Mask { get; init; }
}

/// <summary>A pending signal, queued with a value. Real-time signals queue, others are pending once.</summary>
/// <param name="Signal">One that is blocked where it pends.</param>
/// <param name="Value">sival_int or sival_ptr.</param>
public sealed record PendingPlan(int Signal = 0, uint Value = 0);

public enum IntervalClock { Real, Virtual, Profile }

/// <summary>A timer of setitimer(2), far from expiring unless <see cref="Fired"/>.</summary>
public sealed record IntervalPlan
{
    public IntervalClock Clock { get; init; }

    /// <summary>Seconds to the first expiry: 3600 to 1000000.</summary>
    public int Seconds { get; init; } = 86400;

    /// <summary>Seconds between later ones, or 0.</summary>
    public int Interval { get; init; }

    /// <summary>The first expiry is past and its SIGALRM (blocked) still pending; for <see cref="IntervalClock.Real"/>.</summary>
    public bool Fired { get; init; }
}

public enum PosixClock { RealTime, Monotonic, BootTime, ProcessCpu }

public enum TimerNotify { Signal, None, Thread }

/// <summary>A timer of timer_create(2).</summary>
public sealed record PosixTimerPlan
{
    public PosixClock Clock { get; init; }

    public TimerNotify Notify { get; init; }

    public int Signal { get; init; } = 34;

    public uint Value { get; init; }

    public bool Armed { get; init; }

    public int Seconds { get; init; } = 86400;

    public int Interval { get; init; }
}
