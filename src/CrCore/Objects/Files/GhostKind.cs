using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Files;

/// <summary>
/// Deleted regular files that are still open: saved with their contents, holes kept. Restored under their old name (or a
/// passing one, where that is taken), which is removed before anything else happens.
/// </summary>
public sealed class GhostKind : IDescriptorKind
{
    public IReadOnlyList<FdType> Types { get; } = [FdType.Ghost];

    public IEnumerable<RecordType> Records =>
    [
        new(GhostRecord.Id, "GHOST", GhostRecord.Read, GhostRecord.PayloadSize),
        new(FileDataRecord.Id, "FILE_DATA", FileDataRecord.Read, 8 + FileDataRecord.MaxBytes),
    ];

    // Files of the kernel's own mounts (memfd, System V, secretmem) have no device and names that lead nowhere; a memfd says so by its name.
    public bool Claims(Descriptor d) => d.Status.IsRegular && d.Place == NamePlace.Deleted && !d.IsPathOnly
        && !d.Name.StartsWith("/memfd:", StringComparison.Ordinal) && !d.Name.StartsWith("/secretmem", StringComparison.Ordinal);

    public void Inspect(DescriptorInspection inspection, Descriptor d)
    {
        var limit = inspection.Options.MaxDeletedFileBytes;
        if (d.Status.StoredBytes > limit)
            inspection.Refuse(d, "CrDeletedFileTooLarge", $"the deleted file has {d.Status.StoredBytes} bytes of contents, more than the bound of {limit}",
                "Raise the bound for deleted files.");
    }

    public SavedForm Capture(DescriptorCapture capture, Descriptor d)
    {
        var objRef = capture.Shared.Reference(("ghost", d.Status.Device, d.Status.Inode), out var first);
        return new(FdType.Ghost, d.Name, objRef, first ? Contents(d, objRef) : null);
    }

    private static IEnumerable<ICrRecord> Contents(Descriptor d, uint objRef)
    {
        var s = d.Status;
        yield return new GhostRecord(objRef, s.Mode, s.Uid, s.Gid, s.Size, s.AccessedNs, s.ModifiedNs);
        using var file = DescriptorCapture.Reopen(d, OpenFlags.ReadOnly);
        foreach (var piece in FileContents.Read(file, objRef, s.Size, d.Label))
            yield return piece;
    }

    public void Check(CheckContext context, SavedDescription saved)
    {
        var directory = Path.GetDirectoryName(saved.Name) ?? "/";
        FileCheck.Directory(context, saved.Task, saved.Label, directory);
    }

    public Action? Restore(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        var ghosts = server.Context.States.Get<Ghosts>();
        Action? fill = null;
        if (!ghosts.Numbers.TryGetValue(saved.Data.Object, out var number))
        {
            ghosts.Numbers.Add(saved.Data.Object, number = server.Reserve());
            fill = Create(server, saved, number, batch);
        }
        // A file made by O_TMPFILE shows O_DIRECTORY among its flags.
        server.Reopen(saved, number, saved.Data.Flags & ~OpenFlags.Directory, batch);
        server.Seek(saved, batch);
        return fill;
    }

    /// <summary>Made and unlinked by calls that follow each other: no name is left behind even if all ends here.</summary>
    private static Action Create(DescriptorServer server, SavedDescription saved, int number, SyscallBatch batch)
    {
        var ghost = server.Context.Image.Object<GhostRecord>(saved.Data.Object);
        var taken = FileStatus.Read($"/proc/{server.Context.Root.Pid}/root{saved.Name}", out _, follow: false) == Errno.None;
        var name = taken ? $"{saved.Name}.cr{Guid.NewGuid():N}" : saved.Name;
        const uint ownerOnly = 0x180;
        DescriptorServer.OpenAs(number, saved.Label, name, OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.NoFollow, batch, ownerOnly);
        batch.Must("unlink", saved.Label, Sys.unlinkat, FileNative.AT_FDCWD, batch.Text(name), 0);
        return () =>
        {
            using var file = server.Borrow(number, saved.Label);
            FileContents.Write(file, ghost, saved);
        };
    }

    private sealed class Ghosts
    {
        /// <summary>The server's number of each deleted file.</summary>
        public Dictionary<uint, int> Numbers { get; } = [];
    }
}
