using CrCore.Kernel;

namespace CrCore.Checkpoint;

/// <summary>Ends a frozen tree whose image is on disk.</summary>
internal static class TreeEnd
{
    private const int SigKill = 9, NoSignal = 0;

    /// <summary>From here on it is worth waking another thread.</summary>
    private const int Many = 32;

    /// <summary>From here on it is worth helping a process to give back its memory: 60 ms a GiB by itself, 38 with help.</summary>
    private const long LargeBytes = 64 << 20;

    /// <summary>
    /// Kills every task, the leaves first. All are held by this thread, so no pid can have been given to another
    /// process meanwhile. A tracer has to take each end before the real parent learns of it (wait_task_zombie in
    /// kernel/exit.c); the ends of our own children are left to whoever waits for them in this process, who is told of those that
    /// have come when this work is over (<see cref="ChildSignal"/>), and not of one that comes while the next holds the signal back;
    /// those that nobody waits for any more are taken then, too.
    /// </summary>
    public static void Kill(TreeFreezer freezer, IReadOnlyList<FrozenTask> tasks)
    {
        var large = new List<PidFd>();
        try
        {
            foreach (var task in tasks)
                if (!task.IsZombie && task.Stat.ResidentPages * Environment.SystemPageSize >= LargeBytes && PidFd.TryOpen(task.Pid) is { } process)
                    large.Add(process);
            for (var i = tasks.Count - 1; i >= 0; i--)
                if (!tasks[i].IsZombie)
                    Kill(tasks[i]);
            foreach (var process in large)
                process.ReleaseMemory();
        }
        finally
        {
            foreach (var process in large)
                process.Dispose();
        }
        TakeAll(freezer, tasks);
    }

    private static void TakeAll(TreeFreezer freezer, IReadOnlyList<FrozenTask> tasks)
    {
        var left = new HashSet<int>();
        var own = new List<int>();
        for (var i = tasks.Count - 1; i >= 0; i--)
            for (var t = tasks[i].Threads.Count - 1; t >= 0; t--)
                if (t > 0 || !IsOwnChild(freezer, tasks[i]))
                    left.Add(tasks[i].Threads[t].Tid);
                else
                    own.Add(tasks[i].Pid);
        var helper = own.Count == 0 && left.Count >= Many && Environment.ProcessorCount > 1 ? Help(tasks) : null;
        if (own.Count == 0)
            TakeAnyEnds(left);
        TakeEnds(left);
        helper?.Wait();
        foreach (var pid in own)
            AwaitEnd(pid);
    }

    /// <summary>Whoever else waits for it may be quicker, which is its end as well.</summary>
    private static void AwaitEnd(int pid)
    {
        while (Wait.Peek(pid, noHang: true, out var report) == Errno.None && !report.IsEnd)
            Thread.Sleep(1);
    }

    /// <summary>Who may trace a task need not be allowed to end it (CAP_SYS_PTRACE without CAP_KILL).</summary>
    public static bool IsAllowed(int pid) => Libc.ErrnoOf(Libc.Syscall(Sys.kill, pid, NoSignal)) is Errno.None or Errno.ESRCH;

    /// <summary>
    /// ESRCH: another one was quicker. Of a task that was not killed the end would be waited for in vain. That it may be was asked
    /// before all else, but a security module can tell SIGKILL from no signal.
    /// </summary>
    private static void Kill(FrozenTask task)
    {
        if (Libc.ErrnoOf(Libc.Syscall(Sys.kill, task.Pid, SigKill)) is not (Errno.None or Errno.ESRCH) and var errno)
            throw new CrKernelException("CrEndFailed", $"Ending task {task.Pid} ({task.Comm})", errno, "The image is complete and stands under its name; what was not ended runs on. End it as its owner, or with CAP_KILL.") { Pid = task.Pid };
    }

    /// <summary>
    /// As they come, whatever the order. Waiting for one after the other could wait for ever: the last thread of a pid
    /// namespace's init ends only when the ends of all others, its own siblings too, have been taken
    /// (zap_pid_ns_processes in kernel/pid_namespace.c), and a leader's shows itself only after its threads'.
    /// </summary>
    private static void TakeAnyEnds(HashSet<int> left)
    {
        while (left.Count > 0 && Wait.PeekAnyEnd(out var report) == Errno.None && left.Remove(report.Tid))
            Wait.Take(report.Tid, noHang: true, out _);
    }

    /// <summary>
    /// To take an end is most of the work: whoever does it lets go of all that the kernel keeps of what was read of the task below
    /// /proc. Any thread of a tracer's process may (do_wait in kernel/exit.c). This one begins with those that the other comes to last, and
    /// cannot be left waiting, as the other takes all that it does not.
    /// </summary>
    private static Task Help(IReadOnlyList<FrozenTask> tasks) => Task.Run(() =>
    {
        foreach (var task in tasks)
            // A leader's end shows itself only after its threads'.
            for (var t = task.Threads.Count > 1 ? 1 : 0; t < task.Threads.Count; t++)
                AwaitAndTake(task.Threads[t].Tid);
    });

    private static void AwaitAndTake(int tid)
    {
        while (Wait.Take(tid, noHang: false, out var report) == Errno.None && !report.IsEnd)
        {
            // A stop that was under way when the signal came; the end follows.
        }
    }

    /// <summary>
    /// What such a wait must not be used for: among the ends is one that another part of this process waits for.
    /// The more are left, the longer the pause between looks, which would else keep a processor from those that are ending.
    /// </summary>
    private static void TakeEnds(HashSet<int> left)
    {
        while (left.Count > 0)
        {
            left.RemoveWhere(HasEnded);
            if (left.Count > 0)
                Thread.Sleep(1 + left.Count / 100);
        }
    }

    private static bool IsOwnChild(TreeFreezer freezer, FrozenTask task)
        => freezer.Stopped.TryGetValue(task.Pid, out var stopped) && stopped.Tracee.Polled;

    private static bool HasEnded(int tid)
    {
        while (true)
        {
            if (Wait.Take(tid, noHang: true, out var report) != Errno.None || report.IsEnd)
                return true;
            if (!report.IsStop)
                return false;
            // A stop that was under way when the signal came; the end follows.
        }
    }
}
