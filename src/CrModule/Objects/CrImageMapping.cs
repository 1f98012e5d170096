using CrCore.Image;
using CrCore.Inspection;
using CrCore.Kernel;
using CrCore.Objects.Memory;

namespace CrModule;

/// <summary>A mapping in the address space of a saved task.</summary>
public sealed class CrImageMapping
{
    internal CrImageMapping(string path, TaskImage task, in SavedMapping mapping)
    {
        var vma = mapping.Vma;
        Path = path;
        (VPid, Comm) = (task.VPid, task.Comm);
        (Start, End) = (vma.Start, vma.End);
        Rights = MappingText.Rights(vma);
        Kind = vma.Kind;
        Name = MappingText.Name(task, mapping);
        File = mapping.Path.Length == 0 ? null : mapping.Path;
        FileOffset = (long)(vma.PageOffset * ImageFormat.PageSize);
        Flags = vma.Flags;
        SharedObject = vma.ObjRef == 0 ? null : vma.ObjRef;
    }

    /// <summary>Process id in the tree's own pid namespace.</summary>
    public int VPid { get; }

    /// <summary>The task's name, at most 15 bytes.</summary>
    public string Comm { get; }

    /// <summary>The first byte's address.</summary>
    public ulong Start { get; }

    /// <summary>The address behind the last byte.</summary>
    public ulong End { get; }

    /// <summary>In bytes.</summary>
    public ulong Length => End - Start;

    /// <summary>As in /proc/PID/maps: r, w, x, and p for private or s for shared.</summary>
    public string Rights { get; }

    /// <summary>What is mapped.</summary>
    public VmaType Kind { get; }

    /// <summary>The file, or what else it is: [heap], [stack], [anon:NAME], memfd:NAME; empty for plain memory.</summary>
    public string Name { get; }

    /// <summary>The mapped file; else null.</summary>
    public string? File { get; }

    /// <summary>Where in the file, or in shared memory, the mapping begins, in bytes.</summary>
    public long FileOffset { get; }

    /// <summary>What the kernel keeps of it, as the VmFlags of /proc/PID/smaps.</summary>
    public VmFlags Flags { get; }

    /// <summary>The shared memory behind it: the same number in every task that shares it; else null.</summary>
    public uint? SharedObject { get; }

    /// <summary>The image.</summary>
    public string Path { get; }

    /// <summary>The image's path as PowerShell's own file objects carry it; binds to -LiteralPath.</summary>
    public string PSPath => ProviderPath.Of(Path);

    /// <inheritdoc/>
    public override string ToString() => $"{Start:x}-{End:x} {Rights} {Name}".TrimEnd();
}
