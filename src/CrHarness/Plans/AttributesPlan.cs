using System.Collections.Immutable;

namespace CrHarness.Plans;

/// <summary>A policy of sched_setscheduler(2).</summary>
public enum SchedulingPolicy
{
    /// <summary>SCHED_OTHER, the default.</summary>
    Other,
    /// <summary>SCHED_FIFO, priority 1.</summary>
    Fifo,
    /// <summary>SCHED_RR, priority 1.</summary>
    RoundRobin,
    /// <summary>SCHED_BATCH.</summary>
    Batch,
    /// <summary>SCHED_IDLE.</summary>
    Idle,
}

/// <summary>Where a task's working directory is.</summary>
public enum DirectoryKind
{
    /// <summary>That of the launcher.</summary>
    Inherited,
    /// <summary>A directory of the task's own.</summary>
    Own,
    /// <summary>The root directory.</summary>
    Root,
}

/// <summary>A resource limit, setrlimit(2).</summary>
/// <param name="Resource">RLIMIT_* number.</param>
/// <param name="Soft">-1: no limit.</param>
/// <param name="Hard">-1: no limit. Never raised above the one inherited.</param>
public sealed record LimitPlan(int Resource, long Soft, long Hard);

/// <summary>Process attributes. A default value leaves what is inherited.</summary>
public sealed record AttributesPlan
{
    /// <summary>0 to 0777.</summary>
    public int? Umask { get; init; }

    /// <summary>The working directory.</summary>
    public DirectoryKind Directory { get; init; }

    /// <summary>-20 to 19.</summary>
    public int Nice { get; init; }

    /// <summary>The scheduling policy.</summary>
    public SchedulingPolicy Policy { get; init; }

    /// <summary>Bit k for the k-th CPU that is allowed, modulo 32; 0: all.</summary>
    public uint Affinity { get; init; }

    /// <summary>Best-effort level 1 to 7 of ioprio_set(2); 0: unset.</summary>
    public int IoPriority { get; init; }

    /// <summary>0 to 1000.</summary>
    public int OomScoreAdj { get; init; }

    /// <summary>Bits of /proc/PID/coredump_filter (core(5)); null: inherited.</summary>
    public int? CoreDumpFilter { get; init; }

    /// <summary>Nanoseconds; 0: default.</summary>
    public long TimerSlack { get; init; }

    /// <summary>PR_SET_THP_DISABLE.</summary>
    public bool DisableHugePages { get; init; }

    /// <summary>PER_* flags of personality(2).</summary>
    public uint Personality { get; init; }

    /// <summary>PR_SET_CHILD_SUBREAPER.</summary>
    public bool Subreaper { get; init; }

    /// <summary>PR_SET_PDEATHSIG: 1 to 64; 0: none.</summary>
    public int ParentDeathSignal { get; init; }

    /// <summary>PR_SET_NO_NEW_PRIVS.</summary>
    public bool NoNewPrivs { get; init; }

    /// <summary>PR_SET_DUMPABLE 0.</summary>
    public bool NotDumpable { get; init; }

    /// <summary>A seccomp(2) filter, which makes one call that there is not fail in a way of its own.</summary>
    public bool Filtered { get; init; }

    /// <summary>Equal pages become one (PR_SET_MEMORY_MERGE), where the kernel can.</summary>
    public bool MergeMemory { get; init; }

    /// <summary>Memory from the first NUMA node, in turn with no other (set_mempolicy(2)), where the kernel has nodes.</summary>
    public bool Interleaved { get; init; }

    /// <summary>Bits of PR_SET_SECUREBITS (capabilities(7)).</summary>
    public int SecureBits { get; init; }

    /// <summary>PR_SET_KEEPCAPS.</summary>
    public bool KeepCapabilities { get; init; }

    /// <summary>Capabilities taken from the effective and permitted sets, by bit.</summary>
    public ulong DropCapabilities { get; init; }

    /// <summary>User id, real, effective and saved; 0: root.</summary>
    public int Uid { get; init; }

    /// <summary>Group id, likewise.</summary>
    public int Gid { get; init; }

    /// <summary>Supplementary groups.</summary>
    public ImmutableArray<int> Groups { get; init; } = [];

    /// <summary>Resource limits that are set.</summary>
    public ImmutableArray<LimitPlan> Limits { get; init; } = [];
}
