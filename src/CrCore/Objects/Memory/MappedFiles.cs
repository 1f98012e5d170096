using CrCore.Kernel;
using CrCore.Objects.Files;

namespace CrCore.Objects.Memory;

/// <summary>What became of the file behind a mapping.</summary>
internal enum MappedFileState
{
    /// <summary>The path leads to the mapped file.</summary>
    Present,
    /// <summary>The path leads to nothing.</summary>
    Missing,
    /// <summary>The path leads to another file: the mapped one was replaced.</summary>
    Replaced,
}

/// <summary>A mapped file as its path shows it now.</summary>
internal readonly record struct MappedFile(MappedFileState State, FileStatus Status)
{
    public FileIdentity Identity => FileIdentity.Of(Status);

    /// <summary>/dev/zero: a private mapping of it is anonymous memory (mmap_zero in drivers/char/mem.c).</summary>
    public bool IsZeroDevice => Status is { IsCharacterDevice: true, RawMajor: 1, RawMinor: 5 };
}

/// <summary>Looks mapped files up, each once: tasks of a tree map the same libraries.</summary>
internal sealed class MappedFiles
{
    private readonly Dictionary<(string Path, ulong Inode), MappedFile> _known = [];

    public MappedFile Find(int pid, in MemoryMapping m)
    {
        if (!_known.TryGetValue((m.Path, m.Inode), out var file))
            _known[(m.Path, m.Inode)] = file = LookUp(pid, m.Path, m.Inode);
        return file;
    }

    /// <summary>
    /// The inode number decides whether the path still leads to the file. Not the device: what maps shows is the file
    /// system's own, which for btrfs is not what stat(2) gives.
    /// </summary>
    public static MappedFile LookUp(int pid, string path, ulong inode)
    {
        var seen = FileStatus.Read(path, out var status);
        if (seen == Errno.None && status.Inode == inode)
            return new MappedFile(MappedFileState.Present, status);
        // A task with a mount namespace of its own: its path is not ours.
        if (FileStatus.Read($"/proc/{pid}/root{path}", out var inside) == Errno.None && inside.Inode == inode)
            return new MappedFile(MappedFileState.Present, inside);
        return new MappedFile(seen == Errno.None ? MappedFileState.Replaced : MappedFileState.Missing, status);
    }
}
