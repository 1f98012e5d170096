using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Restore;

/// <summary>
/// One process to be created: a task of the image, or a helper that ends before the tree runs. A helper stands in for an
/// ended session or group leader while its session is inherited and its group joined, or it stands between the process
/// that gives a task its session and the task, which comes to its saved parent when the helper ends. Plain data.
/// </summary>
public sealed class PlannedTask
{
    /// <summary>Null for a helper.</summary>
    public required TaskImage? Image { get; init; }

    /// <summary>Its number; of a helper that only passes (<see cref="Adopter"/>) 0 until one is chosen that nobody needs.</summary>
    public required int VPid { get; set; }

    /// <summary>The task calls setsid(2) after the children in <see cref="Before"/> exist.</summary>
    public required bool LeadsSession { get; init; }

    /// <summary>The process group that the task is to be in; 0 leaves the inherited one.</summary>
    public required int Group { get; init; }

    /// <summary>Of a helper: whose child its own becomes when it ends.</summary>
    public PlannedTask? Adopter { get; init; }

    /// <summary>Created by its creator as a sibling (CLONE_PARENT).</summary>
    public bool AsSibling { get; set; }

    /// <summary>CLONE_FILES and CLONE_FS: what it shares with its creator.</summary>
    public CloneFlags Sharing { get; set; }

    /// <summary>Created before the task starts its own session.</summary>
    public List<PlannedTask> Before { get; } = [];

    /// <summary>Created after that (or in any session).</summary>
    public List<PlannedTask> After { get; } = [];

    /// <summary>It is no task of the image, and has ended before the tree runs.</summary>
    public bool IsHelper => Image is null;

    /// <summary>A helper that takes any number.</summary>
    public bool OnlyPasses => Adopter is not null;

    /// <summary>Number and name, as messages have them: "4711 (nginx)", "helper 4712".</summary>
    public override string ToString() => IsHelper ? $"helper {VPid}" : $"{VPid} ({Image!.Comm})";
}
