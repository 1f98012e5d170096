namespace CrCore;

/// <summary>One restored task.</summary>
/// <param name="Pid">As the caller sees it.</param>
/// <param name="VPid">As the tree sees it (the saved pid).</param>
/// <param name="ParentVPid">The parent as the tree sees it; 0 for the root.</param>
/// <param name="Comm">The task's name, at most 15 bytes.</param>
/// <param name="State">Running, stopped or zombie, as a letter of proc_pid_stat(5).</param>
/// <param name="ThreadCount">Threads, the first one included; a zombie counts as one.</param>
public sealed record RestoredTask(int Pid, int VPid, int ParentVPid, string Comm, char State, int ThreadCount);

/// <summary>What a restore brought back.</summary>
public sealed record RestoreResult
{
    /// <summary>The image's absolute path.</summary>
    public required string Path { get; init; }

    /// <summary>All tasks, the root first, in the image's order.</summary>
    public required IReadOnlyList<RestoredTask> Tasks { get; init; }

    /// <summary>The init that was made because the tree had none of its own, as the caller sees its pid; or 0.</summary>
    public required int NamespaceInitPid { get; init; }

    /// <summary>From the call to the tree's running.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Read, Preflight, Create, Map, Pages, State, Threads, Release.</summary>
    public required IReadOnlyList<PhaseTime> Phases { get; init; }

    /// <summary>Pages of 4096 bytes that were written into the tree's memory.</summary>
    public required long PagesRestored { get; init; }

    /// <summary>What was not brought back exactly.</summary>
    public required IReadOnlyList<Obstacle> Warnings { get; init; }

    /// <summary>The task that the tree hangs on.</summary>
    public RestoredTask Root => Tasks[0];
}

/// <summary>What restore would do, and what is in the way.</summary>
/// <param name="Tasks">Every task that would be made, the root first.</param>
/// <param name="Obstacles">All obstacles and warnings.</param>
public sealed record RestorePreview(IReadOnlyList<TaskSummary> Tasks, IReadOnlyList<Obstacle> Obstacles)
{
    /// <summary>Whether a restore would start: warnings do not keep it from that, errors do.</summary>
    public bool CanProceed => !Obstacles.HasError();
}
