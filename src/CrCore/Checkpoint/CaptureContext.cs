using CrCore.Kernel;
using CrCore.Objects;

namespace CrCore.Checkpoint;

/// <summary>What preflight shares between kinds.</summary>
public sealed class InspectContext
{
    /// <summary>What the checkpoint was asked to do.</summary>
    public required CheckpointOptions Options { get; init; }

    /// <summary>All tasks found, the root first, by their pid here.</summary>
    public required IReadOnlyDictionary<int, LiveTask> Tasks { get; init; }

    /// <summary>The task that the tree hangs on.</summary>
    public required LiveTask Root { get; init; }

    /// <summary>Reads /proc; its buffers are this look's own.</summary>
    public required ProcReader Proc { get; init; }

    /// <summary>Nothing of the tree moves.</summary>
    public required bool IsFrozen { get; init; }

    /// <summary>
    /// A closer look follows at once, at the frozen tree: what is seldom in the way and takes long to see is left to that.
    /// </summary>
    public bool IsGlimpse { get; init; }

    /// <summary>What kinds have found so far; <see cref="Refuse"/> and its siblings add to it.</summary>
    public List<Obstacle> Obstacles { get; } = [];

    /// <summary>What kinds keep while the look lasts; after the look at a frozen tree, while it is captured, too.</summary>
    internal KindStates States { get; init; } = new();

    /// <summary>Adds an obstacle that stops the checkpoint.</summary>
    public void Refuse(LiveTask task, string id, string what, string reason, string? advice = null, CrErrorKind kind = CrErrorKind.NotSupported)
        => Obstacles.Add(new(id, kind, ObstacleSeverity.Error, task.Pid, task.Comm, what, reason, advice));

    /// <summary>Adds an obstacle that programs pass through: the checkpoint looks again for a while before it gives up.</summary>
    public void RefuseForNow(LiveTask task, string id, string what, string reason, string? advice = null)
        => Obstacles.Add(new(id, CrErrorKind.NotSupported, ObstacleSeverity.Error, task.Pid, task.Comm, what, reason, advice) { IsTransient = true });

    /// <summary>Adds a remark: something is not kept exactly.</summary>
    public void Warn(LiveTask task, string id, string what, string reason, string? advice = null)
        => Obstacles.Add(new(id, CrErrorKind.Obstacle, ObstacleSeverity.Warning, task.Pid, task.Comm, what, reason, advice));
}

/// <summary>What capture shares between kinds while the tree is frozen.</summary>
public sealed class CaptureContext : IDisposable
{
    /// <summary>What the checkpoint was asked to do.</summary>
    public required CheckpointOptions Options { get; init; }

    /// <summary>All tasks in the order of the stream.</summary>
    public required IReadOnlyList<FrozenTask> Tasks { get; init; }

    /// <summary>Reads /proc; its buffers are this checkpoint's own.</summary>
    public required ProcReader Proc { get; init; }

    /// <summary>References for objects that tasks may share.</summary>
    public required SharedObjects Shared { get; init; }

    /// <summary>The task that the tree hangs on.</summary>
    public FrozenTask Root => Tasks[0];

    private Dictionary<int, FrozenTask>? _byPid;

    /// <summary>The task that a thread belongs to.</summary>
    internal FrozenTask TaskOf(FrozenThread thread) => (_byPid ??= Tasks.ToDictionary(t => t.Pid))[thread.Pid];

    /// <summary>Pages that go into the image after all tasks' records.</summary>
    public List<PageSource> Pages { get; } = [];

    /// <summary>What kinds found not to be kept exactly, once the tree was frozen.</summary>
    public List<Obstacle> Warnings { get; } = [];

    /// <summary>
    /// Called once, when the tree is about to run on, or has been ended: what was held for it is let go. They must not fail.
    /// </summary>
    public List<Action<CheckpointEnd>> AtEnd { get; } = [];

    /// <summary>What kinds keep while the checkpoint lasts; what they learned in the inspection of the frozen tree is there.</summary>
    internal KindStates States { get; init; } = new();

    internal void End(CheckpointEnd end)
    {
        foreach (var step in AtEnd)
            step(end);
        AtEnd.Clear();
    }

    /// <summary>Ends a checkpoint that has not ended as a failed one, and lets go what kinds and page sources hold.</summary>
    public void Dispose()
    {
        End(CheckpointEnd.Failed);
        States.Dispose();
        // Shared memory that has ended with its tree is the machine's again: huge pages, above all, may be wanted at once.
        foreach (var source in Pages)
            source.Dispose();
    }
}

/// <summary>How a checkpoint ends for the tree.</summary>
public enum CheckpointEnd
{
    /// <summary>It failed; the tree runs on.</summary>
    Failed,
    /// <summary>The image holds all; the tree runs on.</summary>
    RunsOn,
    /// <summary>The image is on disk, and the tree has been ended.</summary>
    Ended,
}
