using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Given;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Files;

/// <summary>Regular files, deleted ones too: opened again with the same flags and at the same offset.</summary>
internal sealed class RegularFileKind : IDescriptorKind
{
    public IReadOnlyList<FdType> Types { get; } = [FdType.File, FdType.Ghost];

    public IEnumerable<RecordType> Records =>
    [
        new(GhostRecord.Id, "GHOST", GhostRecord.Read, GhostRecord.MaxPayload),
        new(FileDataRecord.Id, "FILE_DATA", FileDataRecord.Read, 8 + FileDataRecord.MaxBytes),
        new(RemapRecord.Id, "REMAP", RemapRecord.Read, RemapRecord.MaxPayload),
    ];

    public bool Claims(Descriptor d) => d.Status.IsRegular && !d.IsPathOnly && d.Place != NamePlace.Nameless && !NameRules.IsOfKernelMount(d);

    public void Inspect(DescriptorInspection inspection, Descriptor d) => NameRules.Inspect(inspection, d);

    public SavedForm Capture(DescriptorCapture capture, Descriptor d)
        => NameRules.Form(capture, d, d.Place == NamePlace.Deleted ? FdType.Ghost : FdType.File);

    public bool ChecksAlone => true;

    public void Check(CheckContext context, SavedDescription saved)
    {
        if (saved.Data.Anchor != 0)
            return;
        if (FileCheck.Regular(context, saved.Task, saved.Label, saved.Name, saved.Data.Identity, saved.Data.IsSynthetic) is { } now
            && FileRightsCheck.Opening(context, saved.Task, saved.Label, saved.Name, saved.Data.Flags, now))
            OutsideFiles.Look(context, saved, now);
    }

    public GivenForm? FormOf(SavedDescription saved) => GivenForm.File;

    public Action? Restore(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        if (LateNames.Of(server).Take(server, saved, batch))
            return null;
        if (server.Outside.Has(saved))
            return server.Outside.Open(server, saved);
        var flags = OpenFlags.Reopening(saved.Data.Flags);
        // A file made by O_TMPFILE shows O_DIRECTORY among its flags; and the way to an anchor is a link.
        server.Open(saved, server.PathOf(saved), saved.Data.Anchor == 0 ? flags : flags & ~(OpenFlags.Directory | OpenFlags.NoFollow), batch);
        server.Seek(saved, batch);
        return null;
    }
}

/// <summary>Directories, at the place where readdir was.</summary>
internal sealed class DirectoryKind : IDescriptorKind
{
    public IReadOnlyList<FdType> Types { get; } = [FdType.Directory];

    public bool Claims(Descriptor d) => d.Status.IsDirectory && d.Place != NamePlace.Nameless && !d.IsPathOnly;

    public void Inspect(DescriptorInspection inspection, Descriptor d) => NameRules.Inspect(inspection, d);

    public SavedForm Capture(DescriptorCapture capture, Descriptor d)
    {
        // Nothing shows F_NOTIFY but the owner that it sets (fcntl_dirnotify in fs/notify/dnotify/dnotify.c); nothing else asks for one.
        if (d.Owner is { Id: not 0 })
            capture.Warn(d, "CrDirectoryNotify", "the program seems to have asked for signals about changes in the directory (F_NOTIFY of fcntl(2)), which the kernel does not show; a restored program gets none",
                "Let the program ask again, or use inotify(7).");
        return NameRules.Form(capture, d, FdType.Directory);
    }

    public bool ChecksAlone => true;

    public void Check(CheckContext context, SavedDescription saved)
    {
        if (saved.Data.Anchor == 0)
            FileCheck.Directory(context, saved.Task, saved.Label, saved.Name, FileRights.Read);
    }

    public GivenForm? FormOf(SavedDescription saved) => GivenForm.File;

    public Action? Restore(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        if (LateNames.Of(server).Take(server, saved, batch))
            return null;
        var flags = OpenFlags.Reopening(saved.Data.Flags);
        server.Open(saved, server.PathOf(saved), saved.Data.Anchor == 0 ? flags : flags & ~OpenFlags.NoFollow, batch);
        server.Seek(saved, batch);
        return null;
    }
}

/// <summary>O_PATH: names without being opened; symbolic links among them.</summary>
internal sealed class PathKind : IDescriptorKind
{
    public IReadOnlyList<FdType> Types { get; } = [FdType.Path, FdType.Link];

    public bool Claims(Descriptor d) => d.IsPathOnly && d.Place != NamePlace.Nameless;

    public void Inspect(DescriptorInspection inspection, Descriptor d) => NameRules.Inspect(inspection, d);

    public SavedForm Capture(DescriptorCapture capture, Descriptor d)
        => NameRules.Form(capture, d, d.Status.IsSymbolicLink ? FdType.Link : FdType.Path);

    public void Check(CheckContext context, SavedDescription saved) => NameRules.CheckType(context, saved);

    public Action? Restore(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        if (LateNames.Of(server).Take(server, saved, batch))
            return null;
        var flags = saved.Data.Flags & (OpenFlags.Path | OpenFlags.Directory | OpenFlags.NoFollow);
        if (saved.Data.Anchor != 0)
        {
            // The anchor is such a descriptor already, and they have no state in which they could differ.
            batch.Must("take", saved.Label, Sys.dup3, Anchors.Of(server.Context).NumberOf(saved.Data.Anchor), server.NumberOf(saved), OpenFlags.CloseOnExec);
            return null;
        }
        // A link that was opened itself must not be followed, whatever flags the kernel shows.
        server.Open(saved, saved.Name, OpenFlags.Path | flags | (saved.Data.FdType == FdType.Link ? OpenFlags.NoFollow : 0), batch);
        return null;
    }
}
