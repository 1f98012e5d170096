using CrCore;
using CrCore.Image;
using CrCore.Kernel;

namespace CrModule;

/// <summary>What an image says of itself: when and where it was made, and how much is in it.</summary>
public sealed class CrImageHeader
{
    /// <param name="isEncrypted">Whether it was opened with a key: no other image is.</param>
    internal CrImageHeader(string path, ImageModel model, bool isEncrypted)
    {
        var head = model.Head;
        Path = path;
        Length = FileStatus.Read(path, out var status) == Errno.None && status.IsRegular ? status.Size : null;
        IsEncrypted = isEncrypted;
        Revision = head.Revision;
        ImageId = head.ImageId;
        Created = head.Created.ToLocalTime();
        KernelRelease = head.Release;
        KernelVersion = head.Version;
        Machine = head.Machine;
        NodeName = head.NodeName;
        Writer = head.Writer;
        Features = head.Features.ToArray();
        RootVPid = model.Root.VPid;
        Comm = model.Root.Comm;
        TaskCount = model.Tree.TaskCount;
        foreach (var task in model.Tasks)
            ThreadCount += task.Threads.Count;
        MetadataLength = model.MetadataLength;
    }

    /// <summary>The image's absolute path.</summary>
    public string Path { get; }

    /// <summary>The same path as PowerShell's own file objects carry it; binds to -LiteralPath.</summary>
    public string PSPath => ProviderPath.Of(Path);

    /// <summary>Size of the image in bytes; null where it comes from a pipe.</summary>
    public long? Length { get; }

    /// <summary>Whether a key or passphrase was needed to look into it.</summary>
    public bool IsEncrypted { get; }

    /// <summary>Revision of the format: 4, or 3 for images of 2008.</summary>
    public int Revision { get; }

    /// <summary>Names this image among all others; all zeros in revision 3.</summary>
    public Guid ImageId { get; }

    /// <summary>When the tree was frozen, in local time.</summary>
    public DateTimeOffset Created { get; }

    /// <summary>The kernel's release where the image was made, as `uname -r`.</summary>
    public string KernelRelease { get; }

    /// <summary>The kernel's version there, as `uname -v`.</summary>
    public string KernelVersion { get; }

    /// <summary>The processor architecture as uname(2) names it.</summary>
    public string Machine { get; }

    /// <summary>The machine that the image was made on; empty in revision 3.</summary>
    public string NodeName { get; }

    /// <summary>The program that wrote the image; empty in revision 3.</summary>
    public string Writer { get; }

    /// <summary>What the image makes use of.</summary>
    public IReadOnlyList<string> Features { get; }

    /// <summary>The root's pid in the tree's own pid namespace; 1 for a container.</summary>
    public int RootVPid { get; }

    /// <summary>The root's command name.</summary>
    public string Comm { get; }

    /// <summary>Tasks, those that have ended included, threads not.</summary>
    public int TaskCount { get; }

    /// <summary>Threads of all tasks.</summary>
    public int ThreadCount { get; }

    /// <summary>Bytes of everything but pages, index and tail.</summary>
    public long MetadataLength { get; }

    /// <inheritdoc/>
    public override string ToString() => Path;
}
