using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Files;

/// <summary>Finds a file again whose name was removed, by another name or by its handle, as one of the server's numbers.</summary>
internal static class RemapMaker
{
    private const int AtSymlinkFollow = 0x400;

    public static void Make(RestoreContext context, RemapRecord remap, int number, BatchFeed feed)
    {
        var label = $"the file that was called {remap.Name}";
        var name = PassingName.For(context, remap.Name);
        var batch = feed.Next();
        name.Begin(batch, label);
        if (LeadsTo(remap, $"/proc/{context.Root.Pid}/root{remap.Other}"))
            batch.Must("link", label, Sys.linkat, FileNative.AT_FDCWD, batch.Text(remap.Other), FileNative.AT_FDCWD, batch.Text(name.Path), 0);
        else
            LinkByHandle(batch, label, remap, name);
        name.End(batch, label, number, isDirectory: false);
    }

    /// <summary>The server's low numbers are free: the directory is 0, the file 1.</summary>
    private static void LinkByHandle(SyscallBatch batch, string label, RemapRecord remap, PassingName name)
    {
        var mount = batch.Must("open the directory of", label, Sys.openat, FileNative.AT_FDCWD, batch.Text(name.Directory), OpenFlags.Directory | OpenFlags.CloseOnExec);
        var file = batch.Must("find by its handle", label, Sys.open_by_handle_at, mount, batch.In(remap.Handle.Encode()), OpenFlags.Path | OpenFlags.CloseOnExec);
        batch.Must("link", label, Sys.linkat, FileNative.AT_FDCWD, batch.Text("/proc/self/fd/1"), FileNative.AT_FDCWD, batch.Text(name.Path), AtSymlinkFollow);
        batch.Must("close", label, Sys.close, file);
        batch.Must("close", label, Sys.close, mount);
    }

    /// <summary>Whether a path leads to the saved file, as far as inode, type and file system tell.</summary>
    public static bool LeadsTo(RemapRecord remap, string path)
        => remap.Other.Length > 0 && FileStatus.Read(path, out var now, follow: false) == Errno.None
            && now.Inode == remap.Identity.Inode && now.Device == remap.Identity.Device && now.FileType == (remap.FileMode & FileStatus.TypeMask);
}
