using System.Collections.Immutable;

namespace CrHarness.Plans;

/// <summary>How a task comes to another parent than the one that forked it.</summary>
public enum OrphanKind
{
    None,
    /// <summary>The process between died; the nearest subreaper or the namespace's init adopted the task.</summary>
    Plain,
    /// <summary>The same, and the dead process led the task's process group.</summary>
    GroupLeaderGone,
    /// <summary>The same, and the dead process led the task's session.</summary>
    SessionLeaderGone,
}

/// <summary>The system call in which a quiet thread sits.</summary>
public enum WaitKind
{
    Pause, Nanosleep, ClockNanosleep, Poll, PollPipe, PPoll, Select, Suspend, TimedWait, Futex, FutexForever, ReadPipe, WaitForChild,
}

/// <summary>How a zombie ended: by its exit status, or by a signal.</summary>
/// <param name="ExitCode">0 to 255; read when <paramref name="Signal"/> is 0.</param>
/// <param name="Signal">A signal whose default action ends the process, or 0.</param>
/// <param name="Core">Dump core (where the signal does so and the environment lets it).</param>
public sealed record EndingPlan(int ExitCode = 0, int Signal = 0, bool Core = false);

/// <summary>One task of a tree.</summary>
public sealed record TaskPlan
{
    /// <summary>Which earlier task forks it: an index modulo the task's own.</summary>
    public int Parent { get; init; }

    /// <summary>The name; its UTF-8 bytes up to the first NUL are cut to 15, through a character if need be.</summary>
    public string Comm { get; init; } = "task";

    /// <summary>A zombie that ended so; null for a living task.</summary>
    public EndingPlan? Ending { get; init; }

    /// <summary>Stopped by SIGSTOP.</summary>
    public bool Stopped { get; init; }

    public OrphanKind Orphan { get; init; }

    /// <summary>setsid(2) before it forks.</summary>
    public bool NewSession { get; init; }

    /// <summary>0 keeps the group it was forked in, 1 leads its own, others choose among the session's other groups.</summary>
    public int Group { get; init; }

    public WaitKind Wait { get; init; }

    /// <summary>Inherited regions (by their order, modulo 64) that the task unmaps.</summary>
    public ulong DropInherited { get; init; }

    /// <summary>Inherited private regions that the task writes to, so that copy-on-write parts them.</summary>
    public ulong RewriteInherited { get; init; }

    public uint RewriteSeed { get; init; }

    /// <summary>Inherited descriptors (by their order, modulo 64) that the task closes.</summary>
    public ulong CloseInherited { get; init; }

    /// <summary>Pages added above the program break.</summary>
    public int HeapPages { get; init; }

    public bool AlternateStack { get; init; }

    /// <summary>Blocked signals, bit n-1 for signal n.</summary>
    public ulong Blocked { get; init; }

    public ImmutableArray<RegionPlan> Memory { get; init; } = [];

    public ImmutableArray<FilePlan> Files { get; init; } = [];

    public ImmutableArray<PipePlan> Pipes { get; init; } = [];

    public ImmutableArray<SocketPlan> Sockets { get; init; } = [];

    public ImmutableArray<ThreadPlan> Threads { get; init; } = [];

    public ImmutableArray<ActionPlan> Actions { get; init; } = [];

    /// <summary>Signals pending for the process.</summary>
    public ImmutableArray<PendingPlan> Pending { get; init; } = [];

    public ImmutableArray<IntervalPlan> Intervals { get; init; } = [];

    public ImmutableArray<PosixTimerPlan> PosixTimers { get; init; } = [];

    public AttributesPlan Attributes { get; init; } = new();
}

/// <summary>A thread beside the main one.</summary>
public sealed record ThreadPlan
{
    public string Name { get; init; } = "thread";

    public WaitKind Wait { get; init; }

    /// <summary>Counts all the time instead of waiting: its task's own memory is never at rest.</summary>
    public bool Busy { get; init; }

    public ulong Blocked { get; init; }

    public bool AlternateStack { get; init; }

    public int Nice { get; init; }

    /// <summary>Signals pending for this thread alone.</summary>
    public ImmutableArray<PendingPlan> Pending { get; init; } = [];
}
