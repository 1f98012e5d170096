using CrCore.Image;

namespace CrModule;

/// <summary>An ELF core that was made from a saved task.</summary>
/// <remarks>Its path is not called Path, so that it does not bind where an image is wanted.</remarks>
public sealed class CrCoreDump
{
    internal CrCoreDump(string image, TaskImage task, string path, long length)
    {
        (ImagePath, CorePath, Length) = (image, path, length);
        (VPid, Comm, ThreadCount) = (task.VPid, task.Comm, task.Threads.Count);
        ExePath = task.Get<CrCore.Objects.Memory.MmRecord>()?.ExePath ?? "";
    }

    /// <summary>Process id in the tree's own pid namespace.</summary>
    public int VPid { get; }

    /// <summary>The task's name, at most 15 bytes.</summary>
    public string Comm { get; }

    /// <summary>Threads in the core.</summary>
    public int ThreadCount { get; }

    /// <summary>The program: a debugger wants it beside the core.</summary>
    public string ExePath { get; }

    /// <summary>The core's absolute path.</summary>
    public string CorePath { get; }

    /// <summary>Size in bytes, holes included.</summary>
    public long Length { get; }

    /// <summary>The image it was made from.</summary>
    public string ImagePath { get; }

    /// <inheritdoc/>
    public override string ToString() => CorePath;
}
