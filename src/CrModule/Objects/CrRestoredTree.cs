using CrCore;

namespace CrModule;

/// <summary>A restored tree. Its Id is the root's, so that Wait-Process and Stop-Process take it from the pipeline.</summary>
/// <remarks>See <see cref="CrRestoredTask"/> on why there is no Name.</remarks>
public sealed class CrRestoredTree
{
    internal CrRestoredTree(RestoreResult result)
    {
        // Lists are arrays here and in the other objects: PowerShell's [0] does not know every read-only list.
        var root = result.Root;
        Id = root.Pid;
        VPid = root.VPid;
        Comm = root.Comm;
        Path = result.Path;
        Tasks = result.Tasks.Select(t => new CrRestoredTask(t)).ToArray();
        NamespaceInitId = result.NamespaceInitPid == 0 ? null : result.NamespaceInitPid;
        Duration = result.Duration;
        Phases = result.Phases.ToArray();
        PagesRestored = result.PagesRestored;
        Warnings = result.Warnings.ToArray();
    }

    /// <summary>The root's process id as this shell sees it.</summary>
    public int Id { get; }

    /// <summary>The root's process id as the tree itself sees it.</summary>
    public int VPid { get; }

    /// <summary>The root's name, at most 15 bytes.</summary>
    public string Comm { get; }

    /// <summary>Restored tasks, ended ones included.</summary>
    public int TaskCount => Tasks.Count;

    /// <summary>All tasks, the root first, in the image's order.</summary>
    public IReadOnlyList<CrRestoredTask> Tasks { get; }

    /// <summary>The init that was made for a fresh pid namespace because the tree had none of its own; else null.</summary>
    public int? NamespaceInitId { get; }

    /// <summary>The image.</summary>
    public string Path { get; }

    /// <summary>The image's path as PowerShell's own file objects carry it; binds to -LiteralPath.</summary>
    public string PSPath => ProviderPath.Of(Path);

    /// <summary>The status that the root exited with, 0 to 255, when the command has waited for it; null where a signal ended it.</summary>
    public int? ExitStatus => End?.ExitStatus;

    /// <summary>The signal that ended the root, as SIGKILL, when the command has waited for it; else null.</summary>
    public string? ExitSignal => End?.ExitSignal;

    /// <summary>Whether the root's end left a core dump.</summary>
    public bool CoreDumped => End?.CoreDumped ?? false;

    /// <summary>From the command's beginning until the tree runs.</summary>
    public TimeSpan Duration { get; }

    /// <summary>Where the time went.</summary>
    public IReadOnlyList<PhaseTime> Phases { get; }

    /// <summary>Pages of 4096 bytes that were filled.</summary>
    public long PagesRestored { get; }

    /// <summary>What was not restored exactly.</summary>
    public IReadOnlyList<Obstacle> Warnings { get; }

    internal WaitStatus? End { get; set; }

    /// <inheritdoc/>
    public override string ToString() => $"{Id} ({Comm})";
}
