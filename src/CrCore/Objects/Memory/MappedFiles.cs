using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Objects.Namespaces;

namespace CrCore.Objects.Memory;

/// <summary>What became of the file behind a mapping.</summary>
internal enum MappedFileState
{
    /// <summary>The path leads to the mapped file.</summary>
    Present,
    /// <summary>It does not, but the file can be reached in another way, and its names are known.</summary>
    Reached,
    /// <summary>The path leads to nothing.</summary>
    Missing,
    /// <summary>The path leads to another file: the mapped one was replaced.</summary>
    Replaced,
}

/// <summary>A mapped file as it is now.</summary>
/// <param name="File">Where its name leads, for one that is present or reached.</param>
internal readonly record struct MappedFile(MappedFileState State, ReferredFile File)
{
    public FileStatus Status => File.Status;

    public FileIdentity Identity => FileIdentity.Of(Status);

    /// <summary>/dev/zero: a private mapping of it is anonymous memory (mmap_zero in drivers/char/mem.c).</summary>
    public bool IsZeroDevice => Status is { IsCharacterDevice: true, RawMajor: 1, RawMinor: 5 };
}

/// <summary>Looks mapped files up, each once: tasks of a tree map the same libraries.</summary>
/// <param name="proc">Open as long as the look lasts.</param>
/// <param name="maxDeletedBytes">The bound for contents of deleted files.</param>
/// <param name="further">The mount namespaces of the tree.</param>
internal sealed class MappedFiles(ProcReader proc, long maxDeletedBytes, FurtherMounts further)
{
    private readonly Dictionary<(string Path, ulong Inode), MappedFile> _known = [];

    public ProcReader Proc => proc;

    public long MaxDeletedBytes => maxDeletedBytes;

    /// <summary>The mount namespaces of the tree.</summary>
    public FurtherMounts Further => further;

    public MappedFile Find(int pid, in MemoryMapping m)
    {
        // One name can lead to several mounts there.
        if (further.OwnerOf(pid) is var owner and not 0)
            return LookUpThere(pid, owner, m);
        if (!_known.TryGetValue((m.Path, m.Inode), out var file))
            _known[(m.Path, m.Inode)] = file = LookUp(pid, m);
        return file;
    }

    /// <summary>
    /// The inode number decides whether the path still leads to the file. Not the device: what maps shows is the file
    /// system's own, which for btrfs is not what stat(2) gives.
    /// </summary>
    private MappedFile LookUp(int pid, in MemoryMapping m)
    {
        var seen = FileStatus.Read(m.Path, out var status);
        if (seen == Errno.None && status.Inode == m.Inode)
            return new(MappedFileState.Present, new(m.Path, NamePlace.Leads, status, m.Path, ""));
        // A task with a mount namespace of its own: its path is not ours.
        if (FileStatus.Read($"/proc/{pid}/root{m.Path}", out var inside) == Errno.None && inside.Inode == m.Inode)
            return new(MappedFileState.Present, new(m.Path, NamePlace.Leads, inside, m.Path, ""));
        if (m.IsDeleted && WayTo(pid, m, out var way) is { } reached)
            return new(MappedFileState.Reached, new(m.Path, reached.LinkCount == 0 ? NamePlace.Deleted : NamePlace.Unlinked, reached, way, DescriptorReader.MountPrefix(proc, pid)));
        return new(seen == Errno.None ? MappedFileState.Replaced : MappedFileState.Missing, new(m.Path, NamePlace.Elsewhere, status, m.Path, ""));
    }

    /// <summary>
    /// The same of a task in another mount namespace than the root's: what it mapped before it went there is of the root's still. Where
    /// the mount cannot be told (proc_map_files_get_link), the root's file is as good if it is the same.
    /// </summary>
    private MappedFile LookUpThere(int pid, int owner, in MemoryMapping m)
    {
        var home = further.HomeOf(FurtherMounts.MountOf($"/proc/{pid}/map_files/{m.Start:x}-{m.End:x}"));
        ReadOnlySpan<int> homes = home != 0 ? [home] : [further.Root, owner];
        foreach (var there in homes)
            if (FileStatus.Read(FurtherMounts.PrefixOf(there) + m.Path, out var status) == Errno.None && status.Inode == m.Inode)
                return new(MappedFileState.Present, new(further.NameOf(there, m.Path), NamePlace.Leads, status, m.Path, ""));
        if (m.IsDeleted && home != 0 && WayTo(pid, m, out var way) is { LinkCount: 0 } reached)
            return new(MappedFileState.Reached, new(m.Path, NamePlace.Deleted, reached, way, FurtherMounts.PrefixOf(home)) { Owner = further.VPidOf(home) });
        return new(MappedFileState.Missing, new(m.Path, NamePlace.Elsewhere, default, m.Path, ""));
    }

    /// <summary>
    /// A way to the file that needs no name: map_files (CAP_CHECKPOINT_RESTORE in the initial user namespace,
    /// proc_map_files_get_link in fs/proc/base.c), the program file, or a descriptor of the task.
    /// </summary>
    private FileStatus? WayTo(int pid, in MemoryMapping m, out string way)
    {
        way = $"/proc/{pid}/map_files/{m.Start:x}-{m.End:x}";
        if (FileStatus.Read(way, out var status) == Errno.None && status.Inode == m.Inode)
            return status;
        way = $"/proc/{pid}/exe";
        if (FileStatus.Read(way, out status) == Errno.None && status.Inode == m.Inode)
            return status;
        var numbers = new List<int>();
        ProcFd.TryList(proc, pid, numbers);
        foreach (var fd in numbers)
        {
            way = $"/proc/{pid}/fd/{fd}";
            if (FileStatus.Read(way, out status) == Errno.None && status.IsRegular && status.Inode == m.Inode)
                return status;
        }
        return null;
    }
}
