using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Namespaces;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Files;

/// <summary>Working directory, root and umask: of tasks, and of threads that left their task's (unshare(2) with CLONE_FS).</summary>
internal sealed class FsKind : IInspectsTask, ICapturesTask, ICapturesThread, IChecksImage, IRestoresTask, IRestoresThread
{
    public IEnumerable<RecordType> Records =>
    [
        new(FsRecord.Id, "FS", FsRecord.Read, FsRecord.MaxPayload),
        new(GoneDirectoryRecord.Id, "GONE_DIRECTORY", GoneDirectoryRecord.Read, GoneDirectoryRecord.PayloadSize),
    ];

    public void Inspect(InspectContext context, LiveTask task)
    {
        if (task.IsZombie)
            return;
        var prefix = DescriptorReader.MountPrefix(context.Proc, task.Pid);
        InspectLink(context, task, TaskLink.WorkingDirectory, "working directory", prefix);
        InspectLink(context, task, TaskLink.Root, "root directory", prefix);
        if (context.IsGlimpse)
            return;
        foreach (var tid in task.Tids)
            if (tid != task.Pid && !SharesFs(task.Pid, tid))
            {
                context.States.Get<Separate>().Tids.Add(tid);
                InspectThread(context, task, tid, prefix);
            }
    }

    /// <summary>Threads that the look at the frozen tree found to have their own.</summary>
    private sealed class Separate
    {
        public HashSet<int> Tids { get; } = [];
    }

    /// <summary>Such a thread is given its own when the anchors of deleted directories are gone, and from the root of its task.</summary>
    private static void InspectThread(InspectContext context, LiveTask task, int tid, string prefix)
    {
        var (cwd, root, tasks) = (Read(context.Proc, tid, TaskLink.WorkingDirectory, prefix), Read(context.Proc, tid, TaskLink.Root, prefix), Read(context.Proc, task.Pid, TaskLink.Root, prefix));
        var isShared = false;
        foreach (var other in task.Tids)
            isShared |= other != tid && other != task.Pid && SharesFs(other, tid);
        if (cwd.Place is not (NamePlace.Leads or NamePlace.Nameless) || root.Name is not ("/" or "") || tasks.Name is not ("/" or "") || isShared)
            context.Refuse(task, "CrThreadFs", $"thread {tid}", "it has a working directory, root and umask of its own (unshare with CLONE_FS), and the directory is deleted, the root is another one or a third thread shares them, which cannot be saved yet");
    }

    private static bool SharesFs(int pid, int tid)
    {
        try
        {
            return Kcmp.Same(pid, tid, KcmpType.Fs);
        }
        catch (CrKernelException e) when (e.Errno == Errno.ESRCH)
        {
            // The thread ended meanwhile.
            return true;
        }
    }

    private static void InspectLink(InspectContext context, LiveTask task, TaskLink link, string what, string prefix)
    {
        var file = Read(context.Proc, task.Pid, link, prefix);
        if (!context.IsFrozen && !Stands(file.Place))
            file = ReferredFile.Hold(file.Path, prefix) ?? file;
        if (!Stands(file.Place) && !(link == TaskLink.WorkingDirectory && IsOfGoneProcess(task.Pid, file)))
            context.Refuse(task, "CrDirectoryGone", $"{what} {file.Name}", "this name no longer leads to it: it was renamed or replaced, or a file system is mounted over it", "Give the directory its name back, or let the program change to another one.");
    }

    private static bool Stands(NamePlace place) => place is NamePlace.Leads or NamePlace.Nameless or NamePlace.Deleted;

    private static bool IsOfGoneProcess(int pid, in ReferredFile file) => GoneProcess.Has(pid, file.Name, file.Place, file.Path) && !GoneProcess.IsOfPart(file.Name);

    private static ReferredFile Read(ProcReader proc, int pid, TaskLink link, string prefix)
    {
        var way = $"/proc/{pid}/{(link == TaskLink.Root ? "root" : "cwd")}";
        // A task that has ended has none, and nothing needs to be found then.
        if (!ProcLinks.TryRead(proc, pid, link, out var path))
            return new("", NamePlace.Nameless, default, way, prefix);
        if (FileStatus.Read(way, out var status) is not Errno.None and var errno)
        {
            if (errno != Errno.ENOENT || GoneProcess.PidOf(path) == 0)
                return new("", NamePlace.Nameless, default, way, prefix);
            status = GoneProcess.Unseen;
        }
        var place = DescriptorReader.Place(ref path, status, prefix);
        return new(path, place, status, way, prefix);
    }

    public Action<RecordSink>? Capture(CaptureContext context, FrozenTask task, SyscallBatch batch) => sink =>
    {
        var sharing = context.States.Get(() => new Sharing(context.Shared));
        var prefix = DescriptorReader.MountPrefix(context.Proc, task.Pid);
        var cwd = Read(context.Proc, task.Pid, TaskLink.WorkingDirectory, prefix);
        var root = Read(context.Proc, task.Pid, TaskLink.Root, prefix);
        if (!ProcStatus.TryRead(context.Proc, task.Pid, out var status) || cwd.Place == NamePlace.Nameless || root.Place == NamePlace.Nameless)
            throw new CrTargetException("CrTaskEnded", $"Task {task} ended while it was being captured.", "Something killed it; the others run on.") { Pid = task.Pid };
        var isGone = IsOfGoneProcess(task.Pid, cwd);
        Anchored cwdAnchor = isGone ? new(0, []) : Anchoring.Take(context, cwd), rootAnchor = Anchoring.Take(context, root);
        sink.Emit(new FsRecord((uint)task.VPid, sharing.Index.Reference(task.Pid, out _), (uint)status.Umask, cwd.Name, root.Name, cwdAnchor.ObjRef, rootAnchor.ObjRef));
        if (isGone)
            sink.Emit(new GoneDirectoryRecord(task.VPid, GoneProcess.PidOf(cwd.Name)));
        foreach (var due in cwdAnchor.Due.Concat(rootAnchor.Due))
            sink.Emit(due);
    };

    public Action<RecordSink>? Capture(CaptureContext context, FrozenThread thread, SyscallBatch batch)
    {
        if (!context.States.Get<Separate>().Tids.Contains(thread.Tid))
            return null;
        return sink =>
        {
            var sharing = context.States.Get(() => new Sharing(context.Shared));
            var prefix = DescriptorReader.MountPrefix(context.Proc, thread.Tid);
            var cwd = Read(context.Proc, thread.Tid, TaskLink.WorkingDirectory, prefix);
            if (!ProcStatus.TryRead(context.Proc, thread.Tid, out var status) || cwd.Place != NamePlace.Leads)
                throw new CrTargetException("CrThreadFs", $"Thread {thread.Tid}: its own working directory cannot be saved.", "Run the checkpoint again: preflight says why.") { Pid = thread.Tid };
            sink.Emit(new FsRecord((uint)thread.VTid, sharing.Index.Reference(thread.Tid, out _), (uint)status.Umask, cwd.Name, "/"));
        };
    }

    public void Check(CheckContext context)
    {
        foreach (var task in context.Image.Tasks)
            foreach (var thread in task.Threads)
                if (thread.Get<FsRecord>() is { } own)
                    FileCheck.Directory(context, task, $"working directory of thread {thread.VTid}", FurtherNames.OfTask(task, own.WorkingDirectory), FileRights.Execute);
        var owners = new Dictionary<uint, TaskImage>();
        foreach (var task in context.Image.Tasks)
        {
            if (task.Get<FsRecord>() is not { } fs)
                continue;
            Anchors.Require(context.Image, fs.WorkingDirectoryAnchor);
            Anchors.Require(context.Image, fs.RootAnchor);
            if (task.Get<GoneDirectoryRecord>() is { } gone)
                GoneProcess.Check(context, task, $"working directory {fs.WorkingDirectory}", gone.Gone);
            else if (fs.WorkingDirectoryAnchor == 0)
                FileCheck.Directory(context, task, "working directory", FurtherNames.OfTask(task, fs.WorkingDirectory), FileRights.Execute);
            if (fs.Root != "/" && fs.RootAnchor == 0)
                FileCheck.Directory(context, task, "root directory", FurtherNames.OfTask(task, fs.Root), FileRights.Execute);
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
        if (task.Image.Get<GoneDirectoryRecord>() is not { } gone)
        {
            Enter(context, fs, batch);
            return null;
        }
        return () =>
        {
            // Not even a descriptor leads there when the process has ended (proc_pid_permission in fs/proc/base.c).
            var passing = DeadProcesses.Of(context);
            passing.MakeAs(gone.Gone);
            var own = new SyscallBatch();
            Enter(context, fs, own);
            task.Remote.Run(own);
            passing.End();
        };
    }

    private static void Enter(RestoreContext context, FsRecord fs, SyscallBatch batch)
    {
        var anchors = Anchors.Of(context);
        batch.Must("change to the working directory", fs.WorkingDirectory, Sys.chdir, batch.Text(anchors.PathOf(fs.WorkingDirectoryAnchor, fs.WorkingDirectory)));
        // chroot(2) leaves the working directory alone.
        if (fs.Root != "/")
            batch.Must("change the root directory", fs.Root, Sys.chroot, batch.Text(anchors.PathOf(fs.RootAnchor, fs.Root)));
        batch.Must("set the umask", null, Sys.umask, fs.Umask);
    }

    public RestoreStage ThreadStage => RestoreStage.Threads;

    /// <summary>The thread was born without CLONE_FS, as a copy of its task's.</summary>
    public Action? Restore(RestoreContext context, RestoringThread thread, SyscallBatch batch)
    {
        if (thread.Image.Get<FsRecord>() is not { } fs)
            return null;
        batch.Must("change to the working directory", fs.WorkingDirectory, Sys.chdir, batch.Text(fs.WorkingDirectory));
        batch.Must("set the umask", null, Sys.umask, fs.Umask);
        return null;
    }

    private sealed class Sharing(SharedObjects shared)
    {
        public TaskSharingIndex Index { get; } = new(shared, KcmpType.Fs);
    }
}
