using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Events;

/// <summary>What inotify instances and fanotify groups have in common: how watched files are saved, checked and reached again.</summary>
internal static class Watching
{
    /// <summary>Whether a found inode can be saved; the reason why not, or null.</summary>
    public static string? Verdict(FoundInode? found, long maxDeletedBytes)
        => found is not { } inode ? "it watches a file that is not found by its handle, among the tree's own names or in the places that are often watched"
            : Anchoring.Verdict(inode.File, maxDeletedBytes) is var (_, reason, _) ? $"it watches {inode.File.Name}: {reason}" : null;

    /// <summary>How a watch's file is saved, with the records that are due before it.</summary>
    public static WatchedFile Save(DescriptorCapture capture, Descriptor d, FoundInode? found, List<ICrRecord> due)
    {
        if (Verdict(found, capture.Options.MaxDeletedFileBytes) is { } reason)
            throw new CrTargetException("CrWatchLost", $"Task {d.Pid}: {d.Label}: {reason}.", "Let the program drop the watch, or restart it.") { Pid = d.Pid, Object = d.Label };
        var (file, mount, handle) = found!.Value;
        var anchor = Anchoring.Take(capture.Context, file);
        due.AddRange(anchor.Due);
        return new(anchor.ObjRef == 0 ? file.Name : "", anchor.ObjRef, file.Status.Mode, mount, handle);
    }

    public static void WarnOfEvents(DescriptorCapture capture, Descriptor d)
    {
        using var own = capture.Borrow(d);
        if (own.Available is > 0 and var bytes)
            capture.Warn(d, "CrEventsNotRead", $"{bytes} bytes of events that the program has not read are not in the image; a restored program will not see them",
                "Where that matters, let the program read them before the checkpoint.");
    }

    public static void Check(CheckContext context, SavedDescription saved, in WatchedFile file)
    {
        Anchors.Require(context.Image, file.Anchor);
        if (file.Anchor != 0)
            return;
        if (file.Path.Length > 0)
        {
            // Which device a device file stands for does not matter to a watch.
            var type = file.FileMode & FileStatus.TypeMask;
            var now = type is FileStatus.Character or FileStatus.Block && FileStatus.Read(context.OnThisMachine(file.Path) ?? file.Path, out var status) == Errno.None ? status.RawDevice : 0;
            FileCheck.SameType(context, saved.Task, saved.Label, file.Path, type, now);
            return;
        }
        if (context.InUserNamespace || !Capabilities.Has(context.Proc, Capabilities.DacReadSearch))
        {
            context.Refuse(saved.Task, "CrWatchRights", saved.Label, $"a file on {file.Mount} that it watches is known by its handle alone, which takes CAP_DAC_READ_SEARCH in the initial user namespace", "Restore as root.", CrErrorKind.PermissionDenied);
            return;
        }
        using var opened = file.Handle.Open(file.Mount, FileNative.O_PATH, out var errno);
        if (opened is null)
            context.Refuse(saved.Task, "CrFileMissing", saved.Label, $"a file on {file.Mount} that it watches is not there any more: {errno} ({errno.Describe()})", null, CrErrorKind.NotFound);
    }

    /// <summary>Gives a path that leads to the file while the call that <paramref name="add"/> adds runs in the server.</summary>
    /// <param name="add">Takes the path, and whether a link at its end is what is meant.</param>
    public static void Reach(DescriptorServer server, SavedDescription saved, in WatchedFile file, SyscallBatch batch, Action<string, bool> add)
    {
        if (file.Anchor != 0 || file.Path.Length > 0)
        {
            add(Anchors.Of(server.Context).PathOf(file.Anchor, file.Path), file.Anchor == 0 && (file.FileMode & FileStatus.TypeMask) == FileStatus.SymbolicLink);
            return;
        }
        var mount = batch.Must("open the mount of what it watches", saved.Label, Sys.openat, FileNative.AT_FDCWD, batch.Text(file.Mount), OpenFlags.Directory | OpenFlags.CloseOnExec);
        DescriptorServer.Move(batch, saved.Label, batch.Must("find what it watches", saved.Label, Sys.open_by_handle_at, mount, batch.In(file.Handle.Encode()), OpenFlags.Path | OpenFlags.CloseOnExec), server.Passing);
        batch.Must("close", saved.Label, Sys.close, mount);
        add($"/proc/self/fd/{server.Passing}", false);
        batch.Must("close", saved.Label, Sys.close, server.Passing);
    }
}
