using CrCore;

namespace CrModule;

/// <summary>An image that a checkpoint has just written. It pipes into every command that takes an image.</summary>
public sealed class CrImage
{
    internal CrImage(CheckpointResult result)
    {
        Path = result.Path;
        Length = result.Length;
        RootId = result.RootPid;
        Comm = result.RootComm;
        TaskCount = result.TaskCount;
        ThreadCount = result.ThreadCount;
        Duration = result.Duration;
        Frozen = result.Frozen;
        PagesScanned = result.Pages.Scanned;
        PagesStored = result.Pages.Stored;
        PagesZero = result.Pages.Zero;
        PagesShared = result.Pages.Shared;
        PageBytes = result.Pages.PlainBytes;
        PageBytesStored = result.Pages.StoredBytes;
        Phases = result.Phases.ToArray();
        CopiedTasks = result.CopiedTasks;
        CopyBytes = result.CopyBytes;
        Stopped = result.Stopped;
        Warnings = result.Warnings.ToArray();
    }

    /// <summary>The image's absolute path.</summary>
    public string Path { get; }

    /// <summary>The same path as PowerShell's own file objects carry it; binds to -LiteralPath.</summary>
    public string PSPath => ProviderPath.Of(Path);

    /// <summary>Size of the image in bytes.</summary>
    public long Length { get; }

    /// <summary>Process id of the tree's root at the time of the checkpoint.</summary>
    public int RootId { get; }

    /// <summary>The root's command name.</summary>
    public string Comm { get; }

    /// <summary>Tasks saved, zombies included, threads not.</summary>
    public int TaskCount { get; }

    /// <summary>Threads of all tasks.</summary>
    public int ThreadCount { get; }

    /// <summary>From the call to the image being on disk.</summary>
    public TimeSpan Duration { get; }

    /// <summary>How long the tree stood still.</summary>
    public TimeSpan Frozen { get; }

    /// <summary>Pages of 4096 bytes that were looked at.</summary>
    public long PagesScanned { get; }

    /// <summary>Pages whose contents are in the image.</summary>
    public long PagesStored { get; }

    /// <summary>Pages left out because they are all zeros.</summary>
    public long PagesZero { get; }

    /// <summary>Pages left out because they are another task's pages, too, and stand in the image already.</summary>
    public long PagesShared { get; }

    /// <summary>Bytes of the stored pages.</summary>
    public long PageBytes { get; }

    /// <summary>Bytes that they take in the image.</summary>
    public long PageBytesStored { get; }

    /// <summary>Tasks whose memory was written from a copy on write, while they ran on.</summary>
    public int CopiedTasks { get; }

    /// <summary>Memory in bytes that the copies took in the end: pages that the tree wrote to since, and page tables.</summary>
    public long CopyBytes { get; }

    /// <summary>Where the time went, in the order of the work.</summary>
    public IReadOnlyList<PhaseTime> Phases { get; }

    /// <summary>Whether the tree was ended after the image was on disk.</summary>
    public bool Stopped { get; }

    /// <summary>What the image does not keep exactly.</summary>
    public IReadOnlyList<Obstacle> Warnings { get; }

    /// <inheritdoc/>
    public override string ToString() => Path;
}
