using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Cgroups;

/// <summary>
/// cgroups(7): in which group of each hierarchy tasks and threads are, and those groups themselves. All of it is done by
/// this process, from outside of the tree.
/// </summary>
internal sealed class CgroupsKind : ICapturesTask, ICapturesThread, IRestoresTask, IRestoresThread, IChecksImage
{
    public IEnumerable<RecordType> Records { get; } =
    [
        new(CgroupsRecord.Id, "CGROUPS", CgroupsRecord.Read, CgroupsRecord.MaxPayload),
        new(InCgroupsRecord.Id, "IN_CGROUPS", InCgroupsRecord.Read, InCgroupsRecord.PayloadSize),
        new(CgroupDirRecord.Id, "CGROUP_DIR", CgroupDirRecord.Read, CgroupDirRecord.MaxPayload),
    ];

    /// <summary>The root joins its groups alone, all others inherit them; those that are elsewhere are moved when they exist.</summary>
    public RestoreStage Stage => RestoreStage.Descriptors;

    public RestoreStage ThreadStage => RestoreStage.Threads;

    public Action<RecordSink>? Capture(CaptureContext context, FrozenTask task, SyscallBatch batch)
    {
        if (context.Options.Cgroup == CgroupPolicy.Ignore)
            return null;
        var capture = context.States.Get(() => new CgroupCapture(context));
        return sink => capture.Capture(task.VPid, new TaskDir(task.Pid), always: true, sink);
    }

    public Action<RecordSink>? Capture(CaptureContext context, FrozenThread thread, SyscallBatch batch)
    {
        if (context.Options.Cgroup == CgroupPolicy.Ignore || thread.Tid == thread.Pid)
            return null;
        var capture = context.States.Get(() => new CgroupCapture(context));
        return sink => capture.Capture(thread.VTid, new TaskDir(thread.Pid, thread.Tid), always: false, sink);
    }

    public void Check(CheckContext context)
    {
        // Also says what is wrong with the roots that were given.
        var roots = new CgroupRoots(context.Options.CgroupRoot, context.Options.CgroupHierarchyRoots);
        foreach (var task in context.Image.Tasks)
        {
            if (task.Get<InCgroupsRecord>() is { } set)
                foreach (var place in context.Image.Object<CgroupsRecord>(set.Set).Places)
                    CheckPath(context, task, place);
            foreach (var directory in task.All<CgroupDirRecord>())
                CheckPath(context, task, directory.Place);
        }
        _ = roots;
    }

    private static void CheckPath(CheckContext context, TaskImage task, in CgroupPlace place)
    {
        if (!place.Path.StartsWith('/') || place.Path.Split('/').Contains(".."))
            context.Refuse(task, "CrCgroupPath", $"{place.Hierarchy}:{place.Path}", "the group lies outside of the cgroup namespace in which it was saved", "Restore with -Cgroup Ignore.");
    }

    public Action? Restore(RestoreContext context, RestoringTask task, SyscallBatch batch)
    {
        if (context.Options.Cgroup == CgroupPolicy.Ignore || task == context.Root)
            return null;
        context.States.Get(() => new CgroupJoin(context)).JoinTask(task);
        return null;
    }

    public Action? Restore(RestoreContext context, RestoringThread thread, SyscallBatch batch)
    {
        if (context.Options.Cgroup != CgroupPolicy.Ignore && !thread.Image.IsLeader && thread.Image.Get<InCgroupsRecord>() is { } set)
            context.States.Get(() => new CgroupJoin(context)).JoinThread(thread, set);
        return null;
    }
}

/// <summary>The first step: the root is alone, and what it charges from now on is charged to its groups.</summary>
internal sealed class RootCgroupsKind : IRestoresTask
{
    public IEnumerable<RecordType> Records => [];

    public RestoreStage Stage => RestoreStage.Root;

    public Action? Restore(RestoreContext context, RestoringTask task, SyscallBatch batch)
    {
        if (context.Options.Cgroup == CgroupPolicy.Ignore)
            return null;
        var join = context.States.Get(() => new CgroupJoin(context));
        join.MakeGroups();
        join.JoinTask(task);
        return null;
    }
}
