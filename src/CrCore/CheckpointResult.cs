namespace CrCore;

/// <summary>What a checkpoint saved.</summary>
public sealed record CheckpointResult
{
    /// <summary>The image's absolute path.</summary>
    public required string Path { get; init; }

    /// <summary>The root task as the caller sees its pid.</summary>
    public required int RootPid { get; init; }

    /// <summary>The root task's name (proc_pid_comm(5)), at most 15 bytes.</summary>
    public required string RootComm { get; init; }

    /// <summary>The image's size in bytes.</summary>
    public required long Length { get; init; }

    /// <summary>Tasks saved, zombies included, threads not.</summary>
    public required int TaskCount { get; init; }

    /// <summary>Threads saved, each task's first one included; a zombie has none.</summary>
    public required int ThreadCount { get; init; }

    /// <summary>From the call to the image being on disk.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>From the first task's stop to the last task's release (or end).</summary>
    public required TimeSpan Frozen { get; init; }

    /// <summary>What became of the pages of memory that were looked at.</summary>
    public required PageFigures Pages { get; init; }

    /// <summary>Tasks whose memory was written from a copy on write, while they ran on.</summary>
    public int CopiedTasks { get; init; }

    /// <summary>What the copies took of memory when the last page was written: pages that the tree wrote to since, and page tables.</summary>
    public long CopyBytes { get; init; }

    /// <summary>Where the time went, in the order of the work.</summary>
    public required IReadOnlyList<PhaseTime> Phases { get; init; }

    /// <summary>Whether the tree was ended once its image was safe; else it runs on.</summary>
    public required bool Stopped { get; init; }

    /// <summary>What is not kept exactly, told in preflight.</summary>
    public required IReadOnlyList<Obstacle> Warnings { get; init; }
}

/// <summary>What preflight says of a tree before anything is touched.</summary>
/// <param name="Tasks">Every task found, the root first.</param>
/// <param name="Obstacles">All obstacles and warnings.</param>
public sealed record CheckpointPreview(IReadOnlyList<TaskSummary> Tasks, IReadOnlyList<Obstacle> Obstacles)
{
    /// <summary>Whether a checkpoint would start: warnings do not keep it from that, errors do.</summary>
    public bool CanProceed => !Obstacles.HasError();
}

/// <summary>A task in one line: of a live tree, or of an image's plan.</summary>
/// <param name="Pid">As the caller sees it; for a plan that is not carried out yet, the saved pid.</param>
/// <param name="VPid">The pid inside the tree's own pid namespace.</param>
/// <param name="ParentPid">As <paramref name="Pid"/>; for the root, the parent outside the tree.</param>
/// <param name="Comm">The task's name (proc_pid_comm(5)), at most 15 bytes.</param>
/// <param name="State">The letter of proc_pid_stat(5).</param>
/// <param name="ThreadCount">Threads, the first one included; a zombie counts as one.</param>
/// <param name="ResidentBytes">Resident memory, shared memory included; 0 for a plan.</param>
public sealed record TaskSummary(int Pid, int VPid, int ParentPid, string Comm, char State, int ThreadCount, long ResidentBytes);
