using System.Collections.Immutable;

namespace CrHarness.Plans;

public enum SchedulingPolicy { Other, Fifo, RoundRobin, Batch, Idle }

public enum DirectoryKind
{
    /// <summary>That of the launcher.</summary>
    Inherited,
    /// <summary>A directory of the task's own.</summary>
    Own,
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

    public DirectoryKind Directory { get; init; }

    /// <summary>-20 to 19.</summary>
    public int Nice { get; init; }

    public SchedulingPolicy Policy { get; init; }

    /// <summary>Bit k for the k-th CPU that is allowed, modulo 32; 0: all.</summary>
    public uint Affinity { get; init; }

    /// <summary>Best-effort level 1 to 7 of ioprio_set(2); 0: unset.</summary>
    public int IoPriority { get; init; }

    /// <summary>0 to 1000.</summary>
    public int OomScoreAdj { get; init; }

    public int? CoreDumpFilter { get; init; }

    /// <summary>Nanoseconds; 0: default.</summary>
    public long TimerSlack { get; init; }

    public bool DisableHugePages { get; init; }

    /// <summary>PER_* flags of personality(2).</summary>
    public uint Personality { get; init; }

    public bool Subreaper { get; init; }

    public int ParentDeathSignal { get; init; }

    public bool NoNewPrivs { get; init; }

    public bool NotDumpable { get; init; }

    /// <summary>A seccomp(2) filter, which makes one call that there is not fail in a way of its own.</summary>
    public bool Filtered { get; init; }

    /// <summary>Equal pages become one (PR_SET_MEMORY_MERGE), where the kernel can.</summary>
    public bool MergeMemory { get; init; }

    /// <summary>Memory from the first NUMA node, in turn with no other (set_mempolicy(2)), where the kernel has nodes.</summary>
    public bool Interleaved { get; init; }

    public int SecureBits { get; init; }

    public bool KeepCapabilities { get; init; }

    /// <summary>Capabilities taken from the effective and permitted sets, by bit.</summary>
    public ulong DropCapabilities { get; init; }

    public int Uid { get; init; }

    public int Gid { get; init; }

    public ImmutableArray<int> Groups { get; init; } = [];

    public ImmutableArray<LimitPlan> Limits { get; init; } = [];
}
