using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Files;

/// <summary>Makes a file without a name once more, of whatever type, as one of the server's numbers.</summary>
internal sealed class GhostMaker(RestoreContext context, GhostRecord ghost, IReadOnlyList<FileDataRecord> contents, int number)
{
    private const uint OwnerOnly = 0x180;

    private string Label => $"the deleted file {ghost.Name}";

    public void Make(BatchFeed feed)
    {
        var name = PassingName.For(context, ghost.Name);
        var batch = feed.Next();
        name.Begin(batch, Label);
        if (ghost.IsLinkable && ghost.FileType == FileStatus.Regular)
        {
            MakeNeverNamed(batch, name);
        }
        else
        {
            Create(batch, name.Path);
            name.End(batch, Label, number, ghost.FileType == FileStatus.Directory);
        }
        feed.After(Fill);
    }

    /// <summary>Never had a name, and may still get one (linkat(2) with O_TMPFILE).</summary>
    private void MakeNeverNamed(SyscallBatch batch, PassingName name)
    {
        // The server's low numbers are free: this one is 0.
        var made = batch.Must("make", Label, Sys.openat, FileNative.AT_FDCWD, batch.Text(name.Directory), OpenFlags.ReadWrite | OpenFlags.TemporaryFile | OpenFlags.Directory | OpenFlags.CloseOnExec, OwnerOnly);
        DescriptorServer.OpenAs(number, Label, "/proc/self/fd/0", OpenFlags.Path, batch);
        batch.Must("close", Label, Sys.close, made);
        name.EndDirectories(batch, Label);
    }

    private void Create(SyscallBatch batch, string path)
    {
        switch (ghost.FileType)
        {
            case FileStatus.Regular:
                var made = batch.Must("make", Label, Sys.openat, FileNative.AT_FDCWD, batch.Text(path), OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.NoFollow | OpenFlags.CloseOnExec, OwnerOnly);
                batch.Must("close", Label, Sys.close, made);
                break;
            case FileStatus.Directory:
                batch.Must("make", Label, Sys.mkdirat, FileNative.AT_FDCWD, batch.Text(path), OwnerOnly);
                break;
            case FileStatus.SymbolicLink:
                batch.Must("make", Label, Sys.symlinkat, batch.Text(contents.Count == 1 ? LinuxText.Decode(contents[0].Bytes.Span) : throw NoTarget()), FileNative.AT_FDCWD, batch.Text(path));
                break;
            default:
                batch.Must("make", Label, Sys.mknodat, FileNative.AT_FDCWD, batch.Text(path), ghost.FileType | OwnerOnly, Device(ghost.RawDevice));
                break;
        }
    }

    private void Fill()
    {
        var path = $"/proc/{context.Root.Pid}/fd/{number}";
        if (ghost.FileType == FileStatus.Regular)
        {
            using var file = OwnDescriptor.Open(path, FileNative.O_RDWR, out var failed);
            Require(failed, "Opening");
            FileContents.Write(file!, ghost.Size, contents, Label);
        }
        using var node = OwnDescriptor.Open(path, FileNative.O_PATH, out var errno);
        Require(errno, "Opening");
        Require(NodeAttributes.Set(node!, ghost.Mode, ghost.Uid, ghost.Gid, ghost.AccessedNs, ghost.ModifiedNs, out var failing), $"Setting the {failing} of");
    }

    private void Require(Errno errno, string doing)
    {
        if (errno != Errno.None)
            throw new CrKernelException("CrGhostFailed", $"{doing} {Label}", errno) { Object = ghost.Name };
    }

    /// <summary>mknod(2) takes the number in the kernel's own form of 32 bits (new_decode_dev), which stat(2) gives, too.</summary>
    private static uint Device(ulong device) => (uint)device;

    private CrImageException NoTarget() => new("CrImageBadFiles", $"The image is broken: the symbolic link {ghost.Name} has no target.", -1, "The image is damaged or was not written by this format; take another copy.");
}
