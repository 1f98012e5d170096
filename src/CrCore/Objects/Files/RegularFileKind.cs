using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Files;

/// <summary>Regular files that have a name: opened again by it, with the same flags and at the same offset.</summary>
public sealed class RegularFileKind : IDescriptorKind
{
    public IReadOnlyList<FdType> Types { get; } = [FdType.File];

    public bool Claims(Descriptor d) => d.Status.IsRegular && !d.IsPathOnly && d.Place is NamePlace.Leads or NamePlace.Unlinked or NamePlace.Elsewhere;

    public void Inspect(DescriptorInspection inspection, Descriptor d) => NameRules.Inspect(inspection, d);

    public SavedForm Capture(DescriptorCapture capture, Descriptor d)
    {
        NameRules.Require(d);
        return new(FdType.File, d.Name);
    }

    public void Check(CheckContext context, SavedDescription saved)
    {
        FileCheck.Regular(context, saved.Task, saved.Label, saved.Name, saved.Data.Identity, saved.Data.IsSynthetic);
        FileCheck.Rights(context, saved.Task, saved.Label, saved.Name, saved.Data.Flags);
    }

    public Action? Restore(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        server.Open(saved, saved.Name, OpenFlags.Reopening(saved.Data.Flags), batch);
        server.Seek(saved, batch);
        return null;
    }
}

/// <summary>Directories, at the place where readdir was.</summary>
public sealed class DirectoryKind : IDescriptorKind
{
    public IReadOnlyList<FdType> Types { get; } = [FdType.Directory];

    public bool Claims(Descriptor d) => d.Status.IsDirectory && d.Place != NamePlace.Nameless && !d.IsPathOnly;

    public void Inspect(DescriptorInspection inspection, Descriptor d) => NameRules.Inspect(inspection, d);

    public SavedForm Capture(DescriptorCapture capture, Descriptor d)
    {
        NameRules.Require(d);
        return new(FdType.Directory, d.Name);
    }

    public void Check(CheckContext context, SavedDescription saved) => FileCheck.Directory(context, saved.Task, saved.Label, saved.Name);

    public Action? Restore(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        server.Open(saved, saved.Name, OpenFlags.Reopening(saved.Data.Flags) | OpenFlags.Directory, batch);
        server.Seek(saved, batch);
        return null;
    }
}

/// <summary>O_PATH: names without being opened; symbolic links among them.</summary>
public sealed class PathKind : IDescriptorKind
{
    public IReadOnlyList<FdType> Types { get; } = [FdType.Path, FdType.Link];

    public bool Claims(Descriptor d) => d.IsPathOnly && d.Place != NamePlace.Nameless;

    public void Inspect(DescriptorInspection inspection, Descriptor d) => NameRules.Inspect(inspection, d);

    public SavedForm Capture(DescriptorCapture capture, Descriptor d)
    {
        NameRules.Require(d);
        return new(d.Status.IsSymbolicLink ? FdType.Link : FdType.Path, d.Name);
    }

    public void Check(CheckContext context, SavedDescription saved)
        => FileCheck.SameType(context, saved.Task, saved.Label, saved.Name, saved.Data.FileMode, saved.Data.RawDevice);

    public Action? Restore(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        var flags = saved.Data.Flags & (OpenFlags.Path | OpenFlags.Directory | OpenFlags.NoFollow);
        // A link that was opened itself must not be followed, whatever flags the kernel shows.
        server.Open(saved, saved.Name, OpenFlags.Path | flags | (saved.Data.FdType == FdType.Link ? OpenFlags.NoFollow : 0), batch);
        return null;
    }
}

/// <summary>Character devices that hold no state for those who have them open: the memory devices of mem(4) and random(4).</summary>
public sealed class DeviceKind : IDescriptorKind
{
    private const int MemoryMajor = 1, Null = 3, Zero = 5, Full = 7, Random = 8, Urandom = 9;

    public IReadOnlyList<FdType> Types { get; } = [FdType.Device];

    public bool Claims(Descriptor d) => d.Status.IsCharacterDevice && !d.IsPathOnly
        && d.Status.RawMajor == MemoryMajor && IsStateless(d.Status.RawMinor);

    public void Inspect(DescriptorInspection inspection, Descriptor d) => NameRules.Inspect(inspection, d);

    public SavedForm Capture(DescriptorCapture capture, Descriptor d)
    {
        NameRules.Require(d);
        return new(FdType.Device, d.Name);
    }

    public void Check(CheckContext context, SavedDescription saved)
        => FileCheck.SameType(context, saved.Task, saved.Label, saved.Name, saved.Data.FileMode, saved.Data.RawDevice);

    /// <summary>The number of /dev/null (1:3).</summary>
    public const ulong NullDevice = MemoryMajor << 8 | Null;

    private static bool IsStateless(int minor) => minor is Null or Zero or Full or Random or Urandom;

    public Action? Restore(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        server.Open(saved, saved.Name, OpenFlags.Reopening(saved.Data.Flags) & ~OpenFlags.Direct, batch);
        return null;
    }
}
