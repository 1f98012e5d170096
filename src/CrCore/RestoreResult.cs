namespace CrCore;

/// <summary>One restored task.</summary>
/// <param name="Pid">As the caller sees it.</param>
/// <param name="VPid">As the tree sees it (the saved pid).</param>
/// <param name="State">Running, stopped or zombie, as a letter of proc_pid_stat(5).</param>
public sealed record RestoredTask(int Pid, int VPid, int ParentVPid, string Comm, char State, int ThreadCount);

/// <summary>What a restore brought back.</summary>
public sealed record RestoreResult
{
    public required string Path { get; init; }

    /// <summary>All tasks, the root first, in the image's order.</summary>
    public required IReadOnlyList<RestoredTask> Tasks { get; init; }

    /// <summary>The init that was made because the tree had none of its own, as the caller sees its pid; or 0.</summary>
    public required int NamespaceInitPid { get; init; }

    public required TimeSpan Duration { get; init; }

    /// <summary>Read, Preflight, Create, Map, Pages, State, Threads, Release.</summary>
    public required IReadOnlyList<PhaseTime> Phases { get; init; }

    public required long PagesRestored { get; init; }

    public required IReadOnlyList<Obstacle> Warnings { get; init; }

    public RestoredTask Root => Tasks[0];
}

/// <summary>What restore would do, and what is in the way.</summary>
public sealed record RestorePreview(IReadOnlyList<TaskSummary> Tasks, IReadOnlyList<Obstacle> Obstacles)
{
    public bool CanProceed => !Obstacles.HasError();
}
