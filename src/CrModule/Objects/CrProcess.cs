using CrCore;
using CrCore.Live;

namespace CrModule;

/// <summary>A task of a running tree.</summary>
/// <remarks>See <see cref="CrRestoredTask"/> on why there is no Name.</remarks>
public sealed class CrProcess
{
    private readonly TreeBranch _branch;

    internal CrProcess(int rootId, TaskSummary task, TreeBranch branch)
    {
        _branch = branch;
        RootId = rootId;
        (Id, VPid, ParentId, Comm, State) = (task.Pid, task.VPid, task.ParentPid, task.Comm, task.State);
        (ThreadCount, ResidentBytes) = (task.ThreadCount, task.ResidentBytes);
    }

    internal CrProcess(int rootId, LiveTreeTask task, TreeBranch branch) : this(rootId, task.Summary, branch)
    {
        PrivateBytes = task.PrivateBytes;
        Obstacles = [.. task.Obstacles];
        CanCheckpoint = !Obstacles.Any(o => o.Severity == ObstacleSeverity.Error);
    }

    /// <summary>Process id as this shell sees it.</summary>
    public int Id { get; }

    /// <summary>Process id inside the tree's own pid namespace.</summary>
    public int VPid { get; }

    public int ParentId { get; }

    public string Comm { get; }

    /// <summary>A letter of proc_pid_stat(5).</summary>
    public char State { get; }

    public int ThreadCount { get; }

    /// <summary>Resident memory, shared pages included.</summary>
    public long ResidentBytes { get; }

    /// <summary>Resident memory that no file backs and nobody shares: about what a checkpoint would store.</summary>
    public long PrivateBytes { get; }

    /// <summary>Whether nothing of this task stands in the way of a checkpoint.</summary>
    public bool CanCheckpoint { get; }

    /// <summary>What stands in the way, and what would not be kept exactly.</summary>
    public IReadOnlyList<Obstacle> Obstacles { get; } = [];

    /// <summary>The tree's root.</summary>
    public int RootId { get; }

    /// <summary>Generations below the root: 0 for the root.</summary>
    public int Depth => _branch.Depth;

    /// <summary>The lines that lead to the task where the tree is drawn.</summary>
    public string Branch => _branch.ToString();

    public override string ToString() => $"{Id} ({Comm})";
}
