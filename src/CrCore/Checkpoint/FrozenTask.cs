using CrCore.Kernel;

namespace CrCore.Checkpoint;

/// <summary>A task of the tree as the walk found it: plain facts from /proc, read once.</summary>
public sealed class LiveTask
{
    /// <summary>As this process sees it.</summary>
    public required int Pid { get; init; }

    /// <summary>As the tree's own pid namespace sees it.</summary>
    public required int VPid { get; init; }

    /// <summary>Process group and session, likewise; 0 where the namespace cannot see them.</summary>
    public required int VPgid { get; init; }

    /// <summary>See <see cref="VPgid"/>.</summary>
    public required int VSid { get; init; }

    /// <summary>The task is in a pid namespace below the root's.</summary>
    public required bool InNestedPidNamespace { get; init; }

    /// <summary>Null for the root.</summary>
    public required LiveTask? Parent { get; init; }

    /// <summary>The thread that made it, or took it over; 0 for the root.</summary>
    internal int ParentTid { get; init; }

    /// <summary>proc_pid_stat(5) as the walk read it.</summary>
    public required ProcStat Stat { get; init; }

    /// <summary>The task's name, at most 15 bytes.</summary>
    public required string Comm { get; init; }

    /// <summary>It has ended and waits for its parent.</summary>
    public bool IsZombie => Stat.IsZombie;

    /// <summary>As the walk found them.</summary>
    public List<LiveTask> Children { get; } = [];

    /// <summary>Thread ids as this process sees them, the leader first. Empty for a zombie.</summary>
    public required IReadOnlyList<int> Tids { get; init; }
}

/// <summary>A task of the tree, all of its threads stopped (or a zombie).</summary>
public sealed class FrozenTask
{
    /// <summary>As this process sees it.</summary>
    public required int Pid { get; init; }

    /// <summary>As the tree's own pid namespace sees it.</summary>
    public required int VPid { get; init; }

    /// <summary>Process group and session, as <see cref="VPid"/>; 0 where the namespace cannot see them.</summary>
    public required int VPgid { get; init; }

    /// <summary>See <see cref="VPgid"/>.</summary>
    public required int VSid { get; init; }

    /// <summary>Null for the root.</summary>
    public required FrozenTask? Parent { get; init; }

    /// <summary>See <see cref="LiveTask.ParentTid"/>.</summary>
    internal int ParentTid { get; init; }

    /// <summary>proc_pid_stat(5), read after the freeze.</summary>
    public required ProcStat Stat { get; init; }

    /// <summary>The task's name, at most 15 bytes.</summary>
    public required string Comm { get; init; }

    /// <summary>It has ended and waits for its parent.</summary>
    public bool IsZombie => Stat.IsZombie;

    /// <summary>The leader first. Empty for a zombie.</summary>
    public required IReadOnlyList<FrozenThread> Threads { get; init; }

    /// <summary>The first thread, whose id is the task's. Not there for a zombie.</summary>
    public FrozenThread Leader => Threads[0];

    /// <summary>In the order of the stream.</summary>
    public List<FrozenTask> Children { get; } = [];

    /// <summary>A job-control stop held the task when it was frozen; the signal that stopped it, or 0.</summary>
    public int StopSignal { get; init; }

    /// <summary>
    /// The parent has taken note of the stop already (wait(2) with WUNTRACED): the kernel keeps the signal for it only until
    /// then (group_exit_code, wait_task_stopped in kernel/exit.c).
    /// </summary>
    public bool IsStopKnown => StopSignal != 0 && Stat.ExitCode == 0;

    /// <summary>It was continued after a stop, and its parent has not asked for that yet (WCONTINUED). Known once the parent is captured.</summary>
    public bool IsContinueNews { get; internal set; }

    /// <summary>Pid here and name, as messages have them: "4711 (nginx)".</summary>
    public override string ToString() => $"{Pid} ({Comm})";
}

/// <summary>One stopped thread, its registers as the freeze found them.</summary>
public sealed class FrozenThread
{
    /// <summary>As this process sees it.</summary>
    public required int Tid { get; init; }

    /// <summary>As the tree's own pid namespace sees it.</summary>
    public required int VTid { get; init; }

    /// <summary>The task whose thread it is, as this process sees it.</summary>
    public required int Pid { get; init; }

    /// <summary>The registers of the freeze, system-call restart codes in rax kept.</summary>
    public required Registers Registers { get; init; }

    /// <summary>Signals that the thread blocks: bit 0 for signal 1.</summary>
    public required ulong SignalMask { get; init; }

    /// <summary>Which system calls it is handed as signals.</summary>
    internal UserDispatch Dispatch { get; init; }

    /// <summary>How long it had slept in its system call when it was frozen, at least; null where that could not be measured.</summary>
    public TimeSpan? Slept { get; init; }
}
