using CrCore;

namespace CrModule;

/// <summary>What Restore-ProcessTree -WhatIf says: which tasks would come back, and everything in the way.</summary>
public sealed class CrRestorePreview
{
    internal CrRestorePreview(string imagePath, RestorePreview preview)
    {
        ImagePath = imagePath;
        Tasks = preview.Tasks.ToArray();
        Obstacles = preview.Obstacles.ToArray();
        CanProceed = preview.CanProceed;
    }

    /// <summary>The image; not called Path, so that the preview binds to no image parameter.</summary>
    public string ImagePath { get; }

    /// <summary>Whether no obstacle is an error.</summary>
    public bool CanProceed { get; }

    /// <summary>Tasks that would be restored.</summary>
    public int TaskCount => Tasks.Count;

    /// <summary>Every task of the image's plan, the root first.</summary>
    public IReadOnlyList<TaskSummary> Tasks { get; }

    /// <summary>All obstacles and warnings.</summary>
    public IReadOnlyList<Obstacle> Obstacles { get; }
}
