using System.Diagnostics;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects;

namespace CrCore.Restore;

/// <summary>Compares an image with this machine and makes the plan; creates nothing of the tree.</summary>
internal static class RestorePreflight
{
    public static PlannedTask Check(CheckContext context, NamespacePlan namespaces)
    {
        if (context.Image.Root.Task.IsEnded)
            context.Refuse(context.Image.Root, "CrRootIsZombie", "tree", "the root has ended, so there is nothing to restore", null, CrErrorKind.InvalidImage);
        CheckWhole(context);
        if (!namespaces.NewPid)
            CheckPids(context);
        if (!namespaces.NewPid && !Capabilities.Has(context.Proc, Capabilities.CheckpointRestore) && !Capabilities.Has(context.Proc, Capabilities.SysAdmin))
            context.Refuse(context.Image.Root, "CrNoCapability", "pids", "giving processes their old pids here needs CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN",
                "Restore into a new pid namespace (-NewPidNamespace), which an ordinary user can do.", CrErrorKind.PermissionDenied);
        else if (!namespaces.NewPid && namespaces.NewUser && HasManyNumbers(context.Image))
            context.Refuse(context.Image.Root, "CrUserNamespacePids", "pids", "the tree has a user namespace of its own, from within which no task or thread can be given its old number among this machine's",
                "Restore into a new pid namespace (-NewPidNamespace).", CrErrorKind.PermissionDenied);
        var problems = new List<(TaskImage Task, string Reason)>();
        var leaderless = new Lazy<HashSet<int>>(() => SessionsAndGroups(context.Proc));
        var plan = CreationPlan.Make(context.Image, number => IsInherited(context.Proc, number, namespaces, leaderless), problems);
        foreach (var (task, reason) in problems)
            context.Refuse(task, "CrSessionImpossible", $"session {task.Task.VSid}", reason, null, CrErrorKind.NotSupported);
        foreach (var kind in Kinds.All)
            if (kind is IChecksImage checks)
                checks.Check(context);
        foreach (var kind in Kinds.All)
            if (kind is IChecksImageLast checks)
                checks.CheckLast(context);
        return plan;
    }

    /// <summary>Whether there is more than the first process, which is made from outside.</summary>
    private static bool HasManyNumbers(ImageModel image) => image.Tasks.Count > 1 || image.Root.Threads.Count > 1;

    /// <summary>An image from which something was taken would bring programs back that are not what they were.</summary>
    private static void CheckWhole(CheckContext context)
    {
        const string advice = "Restore the image that it was made from.";
        if ((context.Image.Head.RequiredFeatures & ImageFormat.FeatureNoMemory) != 0)
            context.Refuse(null, "CrImageNoMemory", "image", "it was written without the memory of its tasks", advice, CrErrorKind.InvalidImage);
        if ((context.Image.Head.RequiredFeatures & ImageFormat.FeatureRedacted) != 0)
            context.Refuse(null, "CrImageRedacted", "image", "something in the memory of its tasks was overwritten", advice, CrErrorKind.InvalidImage);
    }

    /// <summary>
    /// Pids that are taken. An ended process that is not yet waited for gives its number up soon, most of all the tree's own
    /// tasks right after a checkpoint with Stop: those get the time that creation gives them, too.
    /// </summary>
    private static void CheckPids(CheckContext context)
    {
        var deadline = Stopwatch.GetTimestamp() + (long)(context.Options.PidRetry.TotalSeconds * Stopwatch.Frequency);
        foreach (var task in context.Image.Tasks)
        {
            CheckPid(context, task, task.VPid, "pid", deadline);
            for (var i = 1; i < task.Threads.Count; i++)
                CheckPid(context, task, task.Threads[i].VTid, "thread id", deadline);
        }
    }

    public static bool IsAnyPidTaken(ProcReader proc, ImageModel image)
    {
        foreach (var task in image.Tasks)
        {
            if (ProcStat.TryRead(proc, task.VPid, out _))
                return true;
            for (var i = 1; i < task.Threads.Count; i++)
                if (ProcStat.TryRead(proc, task.Threads[i].VTid, out _))
                    return true;
        }
        return false;
    }

    private static void CheckPid(CheckContext context, TaskImage task, int pid, string what, long deadline)
    {
        ProcStat holder;
        while (ProcStat.TryRead(context.Proc, pid, out holder))
        {
            if (!(holder.IsZombie || context.AwaitsPids) || Stopwatch.GetTimestamp() >= deadline)
            {
                context.Refuse(task, "CrPidTaken", $"{what} {pid}", $"it is taken by {(holder.IsZombie ? "the ended, not yet waited for " : "")}process {pid} ({holder.Comm}), child of {holder.ParentPid}",
                    holder.IsZombie ? $"Let process {holder.ParentPid} wait for it, or restore into a new pid namespace (-NewPidNamespace)."
                        : "End that process, or restore into a new pid namespace (-NewPidNamespace).");
                return;
            }
            Thread.Sleep(2);
        }
    }

    /// <summary>A session or group that a process outside of the tree still has comes by inheritance or not at all.</summary>
    private static bool IsInherited(ProcReader proc, int number, NamespacePlan namespaces, Lazy<HashSet<int>> leaderless)
        => number == 0
            || (!namespaces.NewPid && (ProcStat.TryRead(proc, number, out _) || leaderless.Value.Contains(number)))
            || (namespaces.NewPid && number == 1 && namespaces.NeedsInit);

    /// <summary>
    /// The numbers that processes hold as their session or group: the kernel gives such a number to no new task although its
    /// leader has ended (a job that a script left in the background, say). What has ended itself lets go of them soon.
    /// </summary>
    private static HashSet<int> SessionsAndGroups(ProcReader proc)
    {
        var pids = new List<int>();
        ProcTasks.ListAll(proc, pids);
        var numbers = new HashSet<int>();
        foreach (var pid in pids)
        {
            if (!ProcStat.TryRead(proc, pid, out var stat) || stat.IsZombie || stat.State == TaskState.Dead)
                continue;
            numbers.Add(stat.Session);
            numbers.Add(stat.ProcessGroup);
        }
        return numbers;
    }

    public static TaskSummary Summary(TaskImage t)
        => new(t.VPid, t.VPid, t.ParentVPid, t.Comm, Letter(t.Task), Math.Max(1, t.Threads.Count), 0);

    public static RestoredTask Restored(RestoringTask t)
        => new(t.Pid, t.VPid, t.Image.ParentVPid, t.Image.Comm, Letter(t.Image.Task), Math.Max(1, t.Image.Threads.Count));

    private static char Letter(TaskRecord t) => t.IsEnded ? 'Z' : t.IsStopped ? 'T' : t.State == TaskRecord.StateRunning ? 'R' : 'S';
}
