using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Signals;

/// <summary>
/// What a parent hears of the stops of its children: the restore stops them once more, and each stop raises SIGCHLD and can be
/// waited for, as if it were news (do_notify_parent_cldstop in kernel/signal.c).
/// </summary>
internal static class StopNotice
{
    private const int SigChld = 17, ByPid = 1, NoHang = 1, Stopped = 2, AllChildren = 0x40000000;

    /// <summary>Whether the parent hears of this task once it is held in its stop.</summary>
    public static bool IsRaisedBy(RestoringTask task) => task.StopSignal != 0;

    /// <summary>Leaves the parent with what it knew and what waited for it before.</summary>
    /// <param name="parent">A puppet that can still run calls, its stopped children in their stops.</param>
    public static void TakeBack(RestoringTask parent)
    {
        if (!parent.Children.Exists(IsRaisedBy))
            return;
        var batch = new SyscallBatch();
        foreach (var child in parent.Children)
            if (IsRaisedBy(child) && !IsNews(child))
                batch.Must("take note of the stop of child", child.VPid, Sys.waitid, ByPid, child.VPid, 0, Stopped | NoHang | AllChildren, 0);
        if (!WaitsForIt(parent))
            batch.Try(Sys.rt_sigtimedwait, batch.In(new SignalSet(0).With(SigChld)), 0, batch.In(new TimeSpec(0, 0)), SignalSet.Size);
        if (!batch.IsEmpty)
            parent.Remote.Run(batch);
    }

    /// <summary>A task that ran and is left stopped (-LeaveStopped) is none: whoever lets it go on is not its parent.</summary>
    private static bool IsNews(RestoringTask child) => child.Image.Task.IsStopped && child.Image.Task.ExitCode != 0;

    /// <summary>A standard signal waits once, and what its sender said with it is that of the first.</summary>
    private static bool WaitsForIt(RestoringTask parent)
    {
        if (parent.Image.Get<PendingSignalsRecord>() is { } record)
            for (var i = 0; i < record.Count; i++)
                if (record.Signal(i) == SigChld)
                    return true;
        return false;
    }
}
