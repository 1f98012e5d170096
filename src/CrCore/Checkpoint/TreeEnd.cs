using CrCore.Kernel;

namespace CrCore.Checkpoint;

/// <summary>Ends a frozen tree whose image is on disk.</summary>
internal static class TreeEnd
{
    private const int SigKill = 9;

    /// <summary>
    /// Kills every task, the leaves first. All are held by this thread, so no pid can have been given to another
    /// process meanwhile. A tracer has to take each end before the real parent learns of it (wait_task_zombie in
    /// kernel/exit.c); the ends of our own children are left to whoever waits for them in this process.
    /// </summary>
    public static void Kill(TreeFreezer freezer, IReadOnlyList<FrozenTask> tasks)
    {
        for (var i = tasks.Count - 1; i >= 0; i--)
            if (!tasks[i].IsZombie)
                Libc.Syscall(Sys.kill, tasks[i].Pid, SigKill);
        for (var i = tasks.Count - 1; i >= 0; i--)
            // The leader last: its end shows itself only when no other thread is left (delay_group_leader).
            for (var t = tasks[i].Threads.Count - 1; t >= 0; t--)
                if (t > 0 || !IsOwnChild(freezer, tasks[i]))
                    TakeEnd(tasks[i].Threads[t].Tid);
    }

    private static bool IsOwnChild(TreeFreezer freezer, FrozenTask task)
        => freezer.Stopped.TryGetValue(task.Pid, out var stopped) && stopped.Tracee.Polled;

    private static void TakeEnd(int tid)
    {
        while (Wait.Take(tid, noHang: false, out var report) == Errno.None && !report.IsEnd)
        {
            // A stop that was under way when the signal came; the end follows.
        }
    }
}
