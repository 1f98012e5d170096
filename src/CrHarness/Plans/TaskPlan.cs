using System.Collections.Immutable;

namespace CrHarness.Plans;

/// <summary>How a task comes to another parent than the one that forked it.</summary>
public enum OrphanKind
{
    /// <summary>Its parent is the one that forked it.</summary>
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
    /// <summary>pause(2).</summary>
    Pause,
    /// <summary>nanosleep(2).</summary>
    Nanosleep,
    /// <summary>clock_nanosleep(2), until a time.</summary>
    ClockNanosleep,
    /// <summary>poll(2) with a timeout and no descriptors.</summary>
    Poll,
    /// <summary>poll(2) on a pipe.</summary>
    PollPipe,
    /// <summary>ppoll(2).</summary>
    PPoll,
    /// <summary>select(2).</summary>
    Select,
    /// <summary>sigsuspend(2).</summary>
    Suspend,
    /// <summary>sigtimedwait(2).</summary>
    TimedWait,
    /// <summary>futex(2) with a timeout.</summary>
    Futex,
    /// <summary>futex(2) without one.</summary>
    FutexForever,
    /// <summary>read(2) of an empty pipe.</summary>
    ReadPipe,
    /// <summary>wait(2) for a child that lives.</summary>
    WaitForChild,
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

    /// <summary>How it comes to another parent.</summary>
    public OrphanKind Orphan { get; init; }

    /// <summary>setsid(2) before it forks.</summary>
    public bool NewSession { get; init; }

    /// <summary>0 keeps the group it was forked in, 1 leads its own, others choose among the session's other groups.</summary>
    public int Group { get; init; }

    /// <summary>The call in which it sits.</summary>
    public WaitKind Wait { get; init; }

    /// <summary>Inherited regions (by their order, modulo 64) that the task unmaps.</summary>
    public ulong DropInherited { get; init; }

    /// <summary>Inherited private regions that the task writes to, so that copy-on-write parts them.</summary>
    public ulong RewriteInherited { get; init; }

    /// <summary>What is written there follows from this number.</summary>
    public uint RewriteSeed { get; init; }

    /// <summary>Inherited descriptors (by their order, modulo 64) that the task closes.</summary>
    public ulong CloseInherited { get; init; }

    /// <summary>Pages added above the program break.</summary>
    public int HeapPages { get; init; }

    /// <summary>sigaltstack(2).</summary>
    public bool AlternateStack { get; init; }

    /// <summary>Blocked signals, bit n-1 for signal n.</summary>
    public ulong Blocked { get; init; }

    /// <summary>Regions it maps.</summary>
    public ImmutableArray<RegionPlan> Memory { get; init; } = [];

    /// <summary>Files it opens.</summary>
    public ImmutableArray<FilePlan> Files { get; init; } = [];

    /// <summary>Pipes it makes.</summary>
    public ImmutableArray<PipePlan> Pipes { get; init; } = [];

    /// <summary>Pairs of sockets it makes.</summary>
    public ImmutableArray<SocketPlan> Sockets { get; init; } = [];

    /// <summary>Sockets that stand alone.</summary>
    public ImmutableArray<EndpointPlan> Endpoints { get; init; } = [];

    /// <summary>Descriptors of events, processes, queues and the like.</summary>
    public ImmutableArray<HandlePlan> Handles { get; init; } = [];

    /// <summary>Semaphores and message queues of System V that it makes.</summary>
    public ImmutableArray<IpcPlan> Ipc { get; init; } = [];

    /// <summary>Threads beside the main one.</summary>
    public ImmutableArray<ThreadPlan> Threads { get; init; } = [];

    /// <summary>Dispositions of signals.</summary>
    public ImmutableArray<ActionPlan> Actions { get; init; } = [];

    /// <summary>Signals pending for the process.</summary>
    public ImmutableArray<PendingPlan> Pending { get; init; } = [];

    /// <summary>Timers of setitimer(2).</summary>
    public ImmutableArray<IntervalPlan> Intervals { get; init; } = [];

    /// <summary>Timers of timer_create(2).</summary>
    public ImmutableArray<PosixTimerPlan> PosixTimers { get; init; } = [];

    /// <summary>What else it is.</summary>
    public AttributesPlan Attributes { get; init; } = new();
}

/// <summary>A thread beside the main one.</summary>
public sealed record ThreadPlan
{
    /// <summary>Its name, cut as that of a task.</summary>
    public string Name { get; init; } = "thread";

    /// <summary>The call in which it sits.</summary>
    public WaitKind Wait { get; init; }

    /// <summary>Counts all the time instead of waiting: its task's own memory is never at rest.</summary>
    public bool Busy { get; init; }

    /// <summary>Blocked signals, bit n-1 for signal n.</summary>
    public ulong Blocked { get; init; }

    /// <summary>sigaltstack(2).</summary>
    public bool AlternateStack { get; init; }

    /// <summary>-20 to 19.</summary>
    public int Nice { get; init; }

    /// <summary>User id of this thread alone, real, effective and saved; 0: the task's.</summary>
    public int Uid { get; init; }

    /// <summary>Capabilities that this thread alone gives up, by bit.</summary>
    public ulong DropCapabilities { get; init; }

    /// <summary>A seccomp(2) filter of this thread alone.</summary>
    public bool Filtered { get; init; }

    /// <summary>Signals pending for this thread alone.</summary>
    public ImmutableArray<PendingPlan> Pending { get; init; } = [];
}
