using CrCore;
using CrCore.Live;

namespace CrModule;

/// <summary>A task of a running tree.</summary>
/// <remarks>See <see cref="CrRestoredTask"/> on why there is no Name.</remarks>
public sealed class CrProcess
{
    private readonly TreeBranch _branch;

    private CrProcess(int rootId, LiveTreeTask task, TreeBranch branch)
    {
        _branch = branch;
        RootId = rootId;
        var summary = task.Summary;
        (Id, VPid, ParentId, Comm, State) = (summary.Pid, summary.VPid, summary.ParentPid, summary.Comm, summary.State);
        (ThreadCount, ResidentBytes, PrivateBytes) = (summary.ThreadCount, summary.ResidentBytes, task.PrivateBytes);
        Obstacles = [.. task.Obstacles];
        CanCheckpoint = !Obstacles.Any(o => o.Severity == ObstacleSeverity.Error);
    }

    /// <summary>All tasks of a tree, each with its place in it.</summary>
    internal static IEnumerable<CrProcess> Of(int rootId, IReadOnlyList<LiveTreeTask> tasks)
    {
        var branches = TreeBranch.Draw([.. tasks.Select(t => t.ParentIndex)]);
        for (var i = 0; i < tasks.Count; i++)
            yield return new CrProcess(rootId, tasks[i], branches[i]);
    }

    /// <summary>Process id as this shell sees it.</summary>
    public int Id { get; }

    /// <summary>Process id inside the tree's own pid namespace.</summary>
    public int VPid { get; }

    /// <summary>Process id of its parent as this shell sees it.</summary>
    public int ParentId { get; }

    /// <summary>The task's name, at most 15 bytes.</summary>
    public string Comm { get; }

    /// <summary>A letter of proc_pid_stat(5).</summary>
    public char State { get; }

    /// <summary>Its threads.</summary>
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

    /// <inheritdoc/>
    public override string ToString() => $"{Id} ({Comm})";
}
