using CrCore.Image;

namespace CrCore.Objects.Signals;

/// <summary>Which signal stops a restored task again: its parent's wait tells which it was (WSTOPSIG of wait(2)).</summary>
internal static class StopSignal
{
    private const int SigStop = 19, SigTstp = 20, SigTtin = 21, SigTtou = 22;

    /// <summary>0 for a task that is to run.</summary>
    public static int For(TaskImage task, RestoreOptions options)
        => task.Task.IsStopped ? For(task) : options.LeaveStopped ? SigStop : 0;

    /// <summary>
    /// The saved one, or SIGSTOP where that would not stop it now: it is caught, ignored or masked, or its process group is
    /// orphaned, which takes the signals of a terminal away (get_signal in kernel/signal.c).
    /// </summary>
    private static int For(TaskImage task)
    {
        var saved = (int)task.Task.ExitCode;
        return saved is SigTstp or SigTtin or SigTtou && IsDefault(task, saved) && !IsMasked(task, saved) && HasGuardian(task) ? saved : SigStop;
    }

    private static bool IsDefault(TaskImage task, int signal)
    {
        if (task.Get<SignalActionsRecord>() is { } record)
            foreach (var (number, action) in record.Actions)
                if (number == signal)
                    return action.Handler == 0;
        return true;
    }

    private static bool IsMasked(TaskImage task, int signal)
        => ((task.Threads[0].Get<ThreadSignalsRecord>()?.Mask ?? 0) & 1UL << (signal - 1)) != 0;

    /// <summary>
    /// A group is orphaned unless a member's parent is in another group of the same session (credentials(7)). What the
    /// root's parent will be is not counted on.
    /// </summary>
    private static bool HasGuardian(TaskImage of)
    {
        var (root, group) = (of, of.Task.VPgid);
        while (root.Parent is { } parent)
            root = parent;
        var pending = new Stack<TaskImage>([root]);
        while (pending.TryPop(out var task))
            foreach (var child in task.Children)
            {
                if (child.Task.VPgid == group && !child.Task.IsEnded && task.Task.VPgid != group && task.Task.VSid == child.Task.VSid)
                    return true;
                pending.Push(child);
            }
        return false;
    }
}
