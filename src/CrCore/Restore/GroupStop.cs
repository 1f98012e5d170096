using CrCore.Kernel;
using CrCore.Remote;

namespace CrCore.Restore;

/// <summary>
/// Stops a task (job control) while it is still held. Let go out of that, it goes straight to where a stopped task waits:
/// get_signal (kernel/signal.c) looks for a stop before it delivers any signal, so that nothing of the task moves. A stop
/// signal that is merely pending at the end would come after those with lower numbers, and their handlers' frames.
/// </summary>
internal static class GroupStop
{
    private const int SigStop = 19, SigTtou = 22;

    /// <param name="task">Its threads have their registers, and every signal masked that can be.</param>
    /// <param name="signal">The one that its parent's wait tells: SIGSTOP, SIGTSTP, SIGTTIN or SIGTTOU, at its default action.</param>
    public static void Enter(RestoringTask task, int signal)
    {
        if (Libc.ErrnoOf(Libc.Syscall(Sys.kill, task.Pid, SigStop)) is not Errno.None and var errno)
            throw new CrKernelException("CrSignalFailed", $"Stopping {task.Image}", errno) { Pid = task.VPid };
        // The first takes the signal, the others find the stop under way.
        foreach (var thread in task.Threads)
            Enter(thread.Tid, signal);
    }

    private static void Enter(int tid, int signal)
    {
        var give = 0;
        while (true)
        {
            TraceCall.Check(Ptrace.Continue(tid, give), "Continuing", tid);
            new Tracee(tid, polled: false).AwaitStop(long.MaxValue, out var report);
            if (report.IsEventStop && report.StopSignal is >= SigStop and <= SigTtou)
                return;
            if (report.IsEventStop)
            {
                give = 0;
            }
            else if (report.IsStop && report.Event == 0 && report.StopSignal == SigStop)
            {
                give = signal;
                if (signal != SigStop)
                    TraceCall.Check(Ptrace.SetSignalMask(tid, Puppet.SignalMask & ~(1UL << (signal - 1))), "Setting the signal mask", tid);
            }
            else
            {
                throw new CrTargetException("CrPuppetFailed", $"Task {tid} was to be stopped, but stopped in a way that the engine does not expect ({report}).") { Pid = tid };
            }
        }
    }
}
