using CrCore.Kernel;
using CrCore.Objects;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Checkpoint;

/// <summary>Finds everything that stands in the way of a checkpoint, from outside and without touching the tree.</summary>
internal static class CheckpointPreflight
{
    /// <exception cref="CrArgumentException">The pid is no process, or it is this program or one of its ancestors.</exception>
    public static void CheckTarget(ProcReader proc, int pid)
    {
        if (pid <= 0)
            throw new CrArgumentException("CrBadPid", $"{pid} is not a process id.", "Give the id of a running process.");
        if (!ProcStat.TryRead(proc, pid, out var stat))
            throw new CrArgumentException("CrNoProcess", $"There is no process {pid}.", "Get-Process lists the running ones.", CrErrorKind.NotFound) { Pid = pid };
        if (stat.IsZombie)
            throw new CrArgumentException("CrRootEnded", $"Process {pid} ({stat.Comm}) has ended and waits for its parent; there is nothing to checkpoint.",
                $"Name a process that lives; the ended one goes when process {stat.ParentPid} waits for it.", CrErrorKind.TargetChanged) { Pid = pid };
        // PF_KTHREAD of include/linux/sched.h.
        if ((stat.Flags & 0x00200000) != 0)
            throw new CrArgumentException("CrKernelThread", $"Process {pid} ({stat.Comm}) is a kernel thread.", "Only user processes can be checkpointed.", CrErrorKind.NotSupported) { Pid = pid };
        for (var own = Environment.ProcessId; own > 0;)
        {
            if (own == pid)
                throw new CrArgumentException("CrOwnAncestor",
                    pid == Environment.ProcessId ? "This program cannot checkpoint itself: it would have to stop itself first." : $"Process {pid} ({stat.Comm}) is an ancestor of this program, which would have to stop itself with it.",
                    "Run the checkpoint from a process outside the tree.")
                { Pid = pid };
            own = ProcStat.TryRead(proc, own, out var s) ? s.ParentPid : 0;
        }
    }

    /// <summary>Looks at every task with every kind.</summary>
    /// <param name="facts">Where what was read is kept, for the next who asks.</param>
    /// <param name="states">Where kinds keep what they learned.</param>
    /// <param name="frozen">The tasks stand still, and are captured next.</param>
    /// <param name="glimpse">See <see cref="InspectContext.IsGlimpse"/>.</param>
    public static List<Obstacle> Inspect(ProcFacts facts, KindStates states, IReadOnlyList<LiveTask> tasks, CheckpointOptions options, bool frozen, bool glimpse = false)
    {
        using var live = new ProcReader();
        using var proc = new ProcReader(facts);
        var byPid = new Dictionary<int, LiveTask>(tasks.Count);
        foreach (var t in tasks)
            byPid[t.Pid] = t;
        var context = new InspectContext { Options = options, Tasks = byPid, Root = tasks[0], Proc = proc, States = states, IsFrozen = frozen, IsGlimpse = glimpse };
        foreach (var task in tasks)
            Inspect(context, task, live);
        InspectSessions(context, tasks);
        return context.Obstacles;
    }

    /// <summary>Tells of sessions that no restore could make again.</summary>
    internal static void InspectSessions(InspectContext context, IReadOnlyList<LiveTask> tasks)
    {
        // In a pid namespace of its own, a number that is not of the tree leads nowhere from here.
        var here = context.Root.Pid == context.Root.VPid;
        var outside = new Dictionary<int, bool>();
        var problems = new List<(Kin Task, string Reason)>();
        _ = new BirthPlaces(Kin.Of(tasks), number => number == 0 || (here && IsOutside(number)), problems);
        foreach (var (task, reason) in problems)
            context.Warn(tasks[task.Index], "CrSessionImpossible", $"session {task.Session}", reason + ": the image could not be restored",
                "Let the task start a session of its own (setsid), or be started by one that stays its parent.");

        bool IsOutside(int number)
        {
            if (!outside.TryGetValue(number, out var value))
                outside[number] = value = !context.Tasks.ContainsKey(number) && ProcStat.TryRead(context.Proc, number, out _);
            return value;
        }
    }

    private static void Inspect(InspectContext context, LiveTask task, ProcReader live)
    {
        if (task.InNestedPidNamespace)
            context.Refuse(task, "CrNestedPidNamespace", "pid namespace", "the task is in a pid namespace below the root's, which is not saved yet", "Checkpoint from inside that namespace, with its own root.");
        if (task.IsZombie)
        {
            if (task.Stat.ThreadCount > 1)
                context.Refuse(task, "CrLeaderEnded", "thread group", "the leader has ended while other threads live on, which is not saved", "Wait until the other threads have ended.");
            return;
        }
        if (!context.IsFrozen)
            InspectTracer(context, task);
        if (!IsOpen(context, task))
            return;
        if (context.Options.Stop && !TreeEnd.IsAllowed(task.Pid))
            context.Refuse(task, "CrEndForbidden", "process", "this program may not end it, as -Stop asks for: it belongs to another user", "Checkpoint as that user or as root (CAP_KILL), or without -Stop.", CrErrorKind.PermissionDenied);
        var before = context.Obstacles.Count;
        foreach (var kind in Kinds.All)
            if (kind is IInspectsTask inspects)
                Inspect(context, task, inspects);
        // A task that is on its way out has lost some of its parts already, and is no obstacle: the frozen tree is looked at again.
        if (context.Obstacles.Count > before && IsEnding(live, task))
            context.Obstacles.RemoveRange(before, context.Obstacles.Count - before);
    }

    /// <summary>There is room for one tracer only (ptrace(2)). Another checkpoint of the same tree is over soon, and is waited for.</summary>
    private static void InspectTracer(InspectContext context, LiveTask task)
    {
        if (!ProcStatus.TryRead(context.Proc, task.Pid, out var status) || status.TracerPid == 0)
            return;
        var name = ProcStat.TryRead(context.Proc, status.TracerPid, out var tracer) ? tracer.Comm.ToString() : "unknown";
        if (TracerThread.IsName(name))
            context.RefuseForNow(task, "CrAlreadyTraced", "process", $"another checkpoint is at work on it (thread {status.TracerPid})", "Try again when that is over.");
        else
            context.Refuse(task, "CrAlreadyTraced", "process", $"process {status.TracerPid} ({name}) traces it already", "End the debugger or tracer first.", CrErrorKind.Obstacle);
    }

    private static void Inspect(InspectContext context, LiveTask task, IInspectsTask kind)
    {
        try
        {
            kind.Inspect(context, task);
        }
        catch (CrKernelException e) when (!context.IsFrozen && e.Errno is (Errno.ESRCH or Errno.ENOENT or Errno.EBADF))
        {
            // A task, or something that it had open, went while it was looked at. The frozen tree is looked at again.
        }
    }

    /// <summary>Whether this program may look into the task: every look needs the same right (ptrace(2), access mode checking).</summary>
    private static bool IsOpen(InspectContext context, LiveTask task)
    {
        try
        {
            ProcNamespaces.TryRead(context.Proc, task.Pid, NamespaceKind.User, out _);
            return true;
        }
        catch (CrKernelException e) when (e.Errno is Errno.EACCES or Errno.EPERM)
        {
            var user = ProcStatus.TryRead(context.Proc, task.Pid, out var status) ? status.Uid.Real.ToString(System.Globalization.CultureInfo.InvariantCulture) : "unknown";
            context.Refuse(task, "CrNoAccess", "process", $"this program may not trace it: it belongs to user {user}, has capabilities that this program lacks, or does not let itself be dumped",
                "Checkpoint as that user or as root (CAP_SYS_PTRACE).", CrErrorKind.PermissionDenied);
            return false;
        }
    }

    private static bool IsEnding(ProcReader proc, LiveTask task)
    {
        const uint exiting = 0x4; // PF_EXITING of include/linux/sched.h
        return !ProcStat.TryRead(proc, task.Pid, out var now) || now.IsZombie || now.StartTime != task.Stat.StartTime || (now.Flags & exiting) != 0;
    }
}
