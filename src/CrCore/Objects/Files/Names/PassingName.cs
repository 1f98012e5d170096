using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Files;

/// <summary>
/// A name that a file gets in the tree's mount namespace and loses by the calls that follow: nothing is left behind even if
/// all ends there. Its own old name where that is free, so that the kernel shows it again. Directories that have gone, too,
/// come back for the moment.
/// </summary>
internal readonly struct PassingName
{
    private const int AtRemoveDir = 0x200;
    private const uint OwnerOnly = 0x1c0;

    private readonly List<string> _missing;

    private PassingName(string path, List<string> missing) => (Path, _missing) = (path, missing);

    public string Path { get; }

    public string Directory => System.IO.Path.GetDirectoryName(Path) ?? "/";

    public static PassingName For(RestoreContext context, string name)
    {
        var root = $"/proc/{context.Root.Pid}/root";
        var missing = new List<string>();
        for (var directory = System.IO.Path.GetDirectoryName(name); directory is { Length: > 1 } && !Exists(root + directory); directory = System.IO.Path.GetDirectoryName(directory))
            missing.Insert(0, directory);
        return new(missing.Count == 0 && Exists(root + name) ? $"{name}.cr{Guid.NewGuid():N}" : name, missing);
    }

    public void Begin(SyscallBatch batch, string label)
    {
        foreach (var directory in _missing)
            batch.Must("make the directory of", label, Sys.mkdirat, FileNative.AT_FDCWD, batch.Text(directory), OwnerOnly);
    }

    /// <summary>Makes what has the name now the server's number, and takes the name away.</summary>
    public void End(SyscallBatch batch, string label, int number, bool isDirectory)
    {
        DescriptorServer.OpenAs(number, label, Path, OpenFlags.Path | OpenFlags.NoFollow, batch);
        batch.Must("unlink", label, Sys.unlinkat, FileNative.AT_FDCWD, batch.Text(Path), isDirectory ? AtRemoveDir : 0);
        EndDirectories(batch, label);
    }

    public void EndDirectories(SyscallBatch batch, string label)
    {
        for (var i = _missing.Count - 1; i >= 0; i--)
            batch.Must("remove the directory of", label, Sys.unlinkat, FileNative.AT_FDCWD, batch.Text(_missing[i]), AtRemoveDir);
    }

    private static bool Exists(string path) => FileStatus.Read(path, out _, follow: false) == Errno.None;
}
