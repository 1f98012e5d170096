using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;

namespace CrCore.Objects.Namespaces;

/// <summary>The files of a file system in memory that a tree has for itself.</summary>
/// <param name="top">Leads to its top from here.</param>
/// <param name="mount">Where it is mounted, from the root of the tree's mount namespace.</param>
/// <param name="covered">Names at which something else is seen from <paramref name="top"/>, which are left out.</param>
internal sealed class MountedFiles(string top, string mount, IReadOnlySet<string> covered)
{
    /// <summary>The top itself, and then all names, a directory before what is in it, each with its path from here.</summary>
    public IEnumerable<(string Name, string Path, FileStatus Status)> All()
    {
        if (FileStatus.Read(top, out var status) != Errno.None)
            yield break;
        yield return (mount, top, status);
        var todo = new Stack<(string Name, string Path)>([(mount, top)]);
        while (todo.TryPop(out var directory))
            foreach (var path in DirectoryNames.All(directory.Path))
            {
                var name = MountTable.Join(directory.Name, path[path.LastIndexOf('/')..]);
                if (covered.Contains(name) || FileStatus.Read(path, out status, follow: false) != Errno.None)
                    continue;
                yield return (name, path, status);
                if (status.IsDirectory)
                    todo.Push((name, path));
            }
    }

    /// <summary>Bytes of contents, holes not counted, of files of more than one name once for each.</summary>
    public long StoredBytes()
    {
        var sum = 0L;
        foreach (var (_, _, status) in All())
            sum += status.IsRegular ? status.StoredBytes : 0;
        return sum;
    }

    /// <param name="pid">The task whose mount namespace it is.</param>
    /// <param name="index">The mount's among those.</param>
    public void Emit(CaptureContext context, RecordSink sink, int pid, int index)
    {
        var links = new Dictionary<ulong, string>();
        foreach (var (name, path, s) in All())
        {
            var sameAs = "";
            if (!s.IsDirectory && s.LinkCount > 1 && !links.TryAdd(s.Inode, name))
                sameAs = links[s.Inode];
            var objRef = context.Shared.Reference(("mounted file", pid, index, name), out _);
            sink.Emit(new MountedFileRecord(objRef, index, s.Mode, s.Uid, s.Gid, s.IsRegular ? s.Size : 0, s.AccessedNs, s.ModifiedNs, s.RawDevice, name, sameAs));
            if (sameAs.Length > 0)
                continue;
            if (s.IsSymbolicLink)
                sink.Emit(new FileDataRecord(objRef, 0, Target(name, path)));
            else if (s.IsRegular)
                EmitContents(sink, objRef, name, path, s.Size);
        }
    }

    private static void EmitContents(RecordSink sink, uint objRef, string name, string path, long size)
    {
        using var file = OwnDescriptor.Open(path, FileNative.O_RDONLY, out var errno) ?? throw Unreadable(name, errno);
        foreach (var piece in FileContents.Read(file, objRef, size, name))
            sink.Emit(piece);
    }

    private static byte[] Target(string name, string path)
    {
        using var link = OwnDescriptor.Open(path, FileNative.O_PATH | FileNative.O_NOFOLLOW, out var errno) ?? throw Unreadable(name, errno);
        var target = new byte[FNameRecord.MaxBytes];
        var length = FileNative.ReadLinkOf(link.Number, target);
        return length > 0 ? target[..length] : throw Unreadable(name, KernelError.Last);
    }

    private static CrKernelException Unreadable(string name, Errno errno)
        => new("CrFileReadFailed", $"Opening {name}, which is in memory only, to read it", errno, "Run with CAP_DAC_READ_SEARCH.") { Object = name };
}
