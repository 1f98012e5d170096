using CrCore;

namespace CrModule;

/// <summary>What Checkpoint-ProcessTree -WhatIf says: which tasks would be saved, and everything in the way.</summary>
/// <remarks>Its path is not called Path, so that it does not bind where an image is wanted: there is none yet.</remarks>
public sealed class CrCheckpointPreview
{
    internal CrCheckpointPreview(int rootId, string imagePath, CheckpointPreview preview)
    {
        RootId = rootId;
        ImagePath = imagePath;
        Tasks = preview.Tasks.ToArray();
        Obstacles = preview.Obstacles.ToArray();
        CanProceed = preview.CanProceed;
        foreach (var task in preview.Tasks)
        {
            ThreadCount += task.ThreadCount;
            ResidentBytes += task.ResidentBytes;
        }
    }

    /// <summary>Process id of the tree's root as this shell sees it.</summary>
    public int RootId { get; }

    /// <summary>Where the image would stand.</summary>
    public string ImagePath { get; }

    /// <summary>Whether no obstacle is an error.</summary>
    public bool CanProceed { get; }

    /// <summary>Tasks that would be saved, ended ones included.</summary>
    public int TaskCount => Tasks.Count;

    /// <summary>Threads of all tasks.</summary>
    public int ThreadCount { get; }

    /// <summary>Resident memory of all tasks in bytes; shared pages count once a task.</summary>
    public long ResidentBytes { get; }

    /// <summary>Every task found, the root first.</summary>
    public IReadOnlyList<TaskSummary> Tasks { get; }

    /// <summary>All obstacles and warnings.</summary>
    public IReadOnlyList<Obstacle> Obstacles { get; }
}
