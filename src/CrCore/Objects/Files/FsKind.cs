using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Files;

/// <summary>Working directory, root and umask.</summary>
public sealed class FsKind : IInspectsTask, ICapturesTask, IChecksImage, IRestoresTask
{
    public IEnumerable<RecordType> Records => [new(FsRecord.Id, "FS", FsRecord.Read, FsRecord.MaxPayload)];

    public void Inspect(InspectContext context, LiveTask task)
    {
        if (task.IsZombie)
            return;
        var prefix = DescriptorReader.MountPrefix(context.Proc, task.Pid);
        InspectLink(context, task, TaskLink.WorkingDirectory, "working directory", prefix);
        InspectLink(context, task, TaskLink.Root, "root directory", prefix);
    }

    private static void InspectLink(InspectContext context, LiveTask task, TaskLink link, string what, string prefix)
    {
        if (Read(context.Proc, task.Pid, link, prefix, out var path) is NamePlace.Leads or NamePlace.Nameless)
            return;
        context.Refuse(task, "CrDirectoryGone", $"{what} {path}", "this name no longer leads to it: it was deleted, renamed or replaced, which cannot be saved yet", "Give the directory its name back, or let the program change to another one.");
    }

    private static NamePlace Read(ProcReader proc, int pid, TaskLink link, string prefix, out string path)
    {
        // A task that has ended has none, and nothing needs to be found then.
        if (!ProcLinks.TryRead(proc, pid, link, out path))
            return NamePlace.Nameless;
        return FileStatus.Read($"/proc/{pid}/{(link == TaskLink.Root ? "root" : "cwd")}", out var status) == Errno.None
            ? DescriptorReader.Place(ref path, status, prefix) : NamePlace.Nameless;
    }

    public Action<RecordSink>? Capture(CaptureContext context, FrozenTask task, SyscallBatch batch) => sink =>
    {
        var sharing = context.States.Get(() => new Sharing(context.Shared));
        if (!ProcStatus.TryRead(context.Proc, task.Pid, out var status)
            || !ProcLinks.TryRead(context.Proc, task.Pid, TaskLink.WorkingDirectory, out var cwd)
            || !ProcLinks.TryRead(context.Proc, task.Pid, TaskLink.Root, out var root))
            throw new CrTargetException("CrTaskEnded", $"Task {task} ended while it was being captured.", "Something killed it; the others run on.") { Pid = task.Pid };
        sink.Emit(new FsRecord((uint)task.VPid, sharing.Index.Reference(task.Pid, out _), (uint)status.Umask, cwd, root));
    };

    public void Check(CheckContext context)
    {
        var owners = new Dictionary<uint, TaskImage>();
        foreach (var task in context.Image.Tasks)
        {
            if (task.Get<FsRecord>() is not { } fs)
                continue;
            FileCheck.Directory(context, task, "working directory", fs.WorkingDirectory);
            if (fs.Root != "/")
                FileCheck.Directory(context, task, "root directory", fs.Root);
            if (!owners.TryAdd(fs.Shared, task) && !TaskSharing.SharesFs(task))
                context.Refuse(task, "CrSharedFs", "working directory", $"it is shared with {owners[fs.Shared]}, but not with the task's parent; such sharing cannot be restored", kind: CrErrorKind.NotSupported);
        }
    }

    /// <summary>After memory: paths of mapped files are still taken from the root of the mount namespace.</summary>
    public RestoreStage Stage => RestoreStage.State;

    public Action? Restore(RestoreContext context, RestoringTask task, SyscallBatch batch)
    {
        if (task.IsZombie || task.Image.Get<FsRecord>() is not { } fs)
            return null;
        if (TaskSharing.SharesFs(task.Image))
        {
            // The parent came first and has done it for both. A task that was born to a stand-in shares nothing.
            if (!Kcmp.Same(task.Parent!.Pid, task.Pid, KcmpType.Fs))
                throw new CrTargetException("CrSharedFs", $"Task {task} was to share its working directory with task {task.Parent}, and does not.", "Such sharing cannot be restored yet.") { Pid = task.Pid };
            return null;
        }
        batch.Must("change to the working directory", fs.WorkingDirectory, Sys.chdir, batch.Text(fs.WorkingDirectory));
        // chroot(2) leaves the working directory alone.
        if (fs.Root != "/")
            batch.Must("change the root directory", fs.Root, Sys.chroot, batch.Text(fs.Root));
        batch.Must("set the umask", null, Sys.umask, fs.Umask);
        return null;
    }

    private sealed class Sharing(SharedObjects shared)
    {
        public TaskSharingIndex Index { get; } = new(shared, KcmpType.Fs);
    }
}
