using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Namespaces;

namespace CrCore.Objects.Files;

/// <summary>A file that something of a task refers to, and where its name leads.</summary>
/// <param name="Path">Below /proc/PID: leads to the file whatever its name is.</param>
/// <param name="Prefix">See <see cref="DescriptorReader.MountPrefix"/>.</param>
internal readonly record struct ReferredFile(string Name, NamePlace Place, FileStatus Status, string Path, string Prefix)
{
    /// <summary>The task that owns the mount namespace that its name is of, as the tree sees it; 0 for the root's.</summary>
    public int Owner { get; init; }

    /// <summary>How the image calls a name beside the file's.</summary>
    public string InImage(string name) => Owner == 0 || name.Length == 0 ? name : FurtherNames.Of(Owner, name);

    /// <param name="proc">Reads /proc.</param>
    /// <param name="d">Of a task.</param>
    /// <param name="further">The mount namespaces of the tree; null where the task is in the root's with all that it has.</param>
    public static ReferredFile Of(ProcReader proc, Descriptor d, FurtherMounts? further = null)
    {
        var way = $"/proc/{d.Pid}/fd/{d.Fd}";
        var home = further is { IsEmpty: false } ? further.HomeOf(d.Info.MountId) : 0;
        return home != 0 ? new(d.Name, d.Place, d.Status, way, FurtherMounts.PrefixOf(home)) { Owner = further!.VPidOf(home) }
            : new(d.Name, d.Place, d.Status, way, d.Place == NamePlace.Leads ? "" : DescriptorReader.MountPrefix(proc, d.TaskPid));
    }

    private const int MostNames = 100;

    /// <summary>
    /// The same of a task that runs: it may put another file in this one's place, or another name on it, between a look at the
    /// one and at the other. The file is held meanwhile, and is looked at again where its name was changed; null when it is gone.
    /// </summary>
    public static ReferredFile? Hold(string path, string prefix)
    {
        using var held = OwnDescriptor.Open(path, FileNative.O_PATH, out _);
        if (held is null || FileStatus.ReadOwn(held.Number, out var status) != Errno.None || NameOf(held) is not { } name)
            return null;
        for (var more = MostNames; ; more--)
        {
            var leads = name;
            var place = DescriptorReader.Place(ref leads, status, prefix);
            var now = NameOf(held);
            if (now == name || now is null || more == 0)
                return new(leads, place, status, path, prefix);
            name = now;
        }
    }

    private static string? NameOf(OwnDescriptor held)
    {
        // Numbers of this process come and go: nothing that was read of them before counts.
        using var anew = new ProcReader();
        return anew.TryReadLink(Environment.ProcessId, "fd"u8, out var name, held.Number) ? LinuxText.Decode(name) : null;
    }

    /// <summary>Made by O_TMPFILE: the kernel shows such a file as '#' and its inode number (d_mark_tmpfile in fs/dcache.c).</summary>
    public bool IsNeverNamed => Name.EndsWith($"/#{Status.Inode}", StringComparison.Ordinal);
}

/// <summary>How a file that its name does not lead to is saved: its anchor's reference, and the records that are due with it.</summary>
/// <param name="ObjRef">0 for a file that its name leads to.</param>
internal readonly record struct Anchored(uint ObjRef, IEnumerable<ICrRecord> Due);

/// <summary>
/// What is opened again by its name needs a name that leads to it; or else an anchor: an object of the image by which the
/// file is made or found again (GHOST, REMAP). Descriptors, mappings and directories of tasks share anchors by the inode.
/// </summary>
internal static class Anchoring
{
    /// <summary>Why a file can be saved neither by its name nor by an anchor; null when it can.</summary>
    public static (string Id, string Reason, string? Advice)? Verdict(in ReferredFile file, long maxDeletedBytes) => file.Place switch
    {
        NamePlace.Leads or NamePlace.Nameless => null,
        NamePlace.Deleted or NamePlace.Unlinked when FileSystemType.OfPath(file.Path) == FileSystemType.SecretMemory
            => ("CrSecretMemory", "it is secret memory (memfd_secret), which nobody but the program itself can read", "Let the program give it up first, or run it without secret memory."),
        NamePlace.Deleted when file.Status.IsRegular && file.Status.StoredBytes > maxDeletedBytes
            => ("CrDeletedFileTooLarge", $"the deleted file has {file.Status.StoredBytes} bytes of contents, more than the bound of {maxDeletedBytes}", "Raise the bound for deleted files."),
        NamePlace.Deleted when IsOfKernel(file)
            => ("CrKernelFile", $"it is a file of the kernel's own ({file.Name}), which is not kept in any directory", "Let the program close it first."),
        NamePlace.Deleted => null,
        NamePlace.Unlinked or NamePlace.Elsewhere when FileSystemType.IsSynthetic(FileSystemType.OfPath(file.Path)) && FileStatus.Read(file.Prefix + file.Name, out _, follow: false) == Errno.ENOENT
            => ("CrFileUnlinked", "what it showed is gone: it belonged to a task or an object of the kernel that has ended", "Let the program close it first."),
        NamePlace.Unlinked when OtherName(file).Length > 0 || FileHandle.Of(file.Path).IsKnown => null,
        NamePlace.Unlinked => ("CrFileUnlinked", $"this name was removed, and the file's {file.Status.LinkCount} other name(s) are not known: its directory has none of them, and its file system has no handles",
            "Give the file its name back (link the other name to it) and try again."),
        _ => ("CrFileElsewhere", "this name does not lead to the open file: it was renamed or replaced, a file system is mounted over it, the task sees other mounts, or the mount that it is on is not among them (open_tree, umount -l)",
            "Put the file back under this name and try again."),
    };

    /// <summary>
    /// Files that are no program's to make by a name: of file systems that are made up (mqueue), and of the kernel's own
    /// mounts, where names have no directory (shmem_file_setup in mm/shmem.c) and look as if in the root.
    /// </summary>
    private static bool IsOfKernel(in ReferredFile file)
        => FileSystemType.IsSynthetic(FileSystemType.OfPath(file.Path))
            || (Path.GetDirectoryName(file.Name) is "/" or null && (FileStatus.Read(file.Prefix + "/", out var root) != Errno.None || root.Device != file.Status.Device));

    /// <summary>The file's anchor. Tasks must be frozen, and the verdict good.</summary>
    public static Anchored Take(CaptureContext context, in ReferredFile file)
    {
        if (file.Place is not (NamePlace.Deleted or NamePlace.Unlinked))
            return new(0, []);
        var objRef = context.Shared.Reference(("anchor", file.Status.Device, file.Status.Inode), out var first);
        return new(objRef, !first ? [] : file.Place == NamePlace.Deleted ? Ghost(file, objRef) : [Remap(file, objRef)]);
    }

    private static IEnumerable<ICrRecord> Ghost(ReferredFile file, uint objRef)
    {
        var s = file.Status;
        yield return new GhostRecord(objRef, s.Mode, s.Uid, s.Gid, s.IsRegular ? s.Size : 0, s.AccessedNs, s.ModifiedNs, s.RawDevice, file.IsNeverNamed, file.InImage(file.Name));
        if (s.IsSymbolicLink)
            yield return new FileDataRecord(objRef, 0, LinkTarget(file));
        if (!s.IsRegular)
            yield break;
        using var contents = OwnDescriptor.Open(file.Path, FileNative.O_RDONLY, out var errno) ?? throw Unreadable(file, errno);
        foreach (var piece in FileContents.Read(contents, objRef, s.Size, file.Name))
            yield return piece;
    }

    private static byte[] LinkTarget(in ReferredFile file)
    {
        using var link = OwnDescriptor.Open(file.Path, FileNative.O_PATH, out var errno) ?? throw Unreadable(file, errno);
        var target = new byte[FNameRecord.MaxBytes];
        var length = FileNative.ReadLinkOf(link.Number, target);
        return length > 0 ? target[..length] : throw Unreadable(file, KernelError.Last);
    }

    private static RemapRecord Remap(in ReferredFile file, uint objRef)
        => new(objRef, file.Status.Mode, FileIdentity.Of(file.Status), file.InImage(file.Name), file.InImage(OtherName(file)), FileHandle.Of(file.Path));

    /// <summary>Another name in the directory of the removed one, or empty.</summary>
    internal static string OtherName(in ReferredFile file)
    {
        var directory = Path.GetDirectoryName(file.Name) ?? "/";
        var status = file.Status;
        return DirectoryNames.Find(file.Prefix + directory, status.Inode) is { } name
            && FileStatus.Read(Path.Join(file.Prefix + directory, name), out var there, follow: false) == Errno.None && (there.Device, there.Inode) == (status.Device, status.Inode)
            ? Path.Join(directory, name) : "";
    }

    private static CrKernelException Unreadable(in ReferredFile file, Errno errno)
        => new("CrDescriptorUnreachable", $"Opening the deleted file {file.Name} to read it", errno, "Run as the owner of the process or with CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH.") { Object = file.Name };
}
