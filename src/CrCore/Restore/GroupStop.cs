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
    private const int SigCont = 18, SigStop = 19, SigTtou = 22;

    /// <param name="task">Its threads have their registers, and every signal masked that can be.</param>
    /// <param name="signal">The one that its parent's wait tells: SIGSTOP, SIGTSTP, SIGTTIN or SIGTTOU, at its default action.</param>
    public static void Enter(RestoringTask task, int signal)
    {
        Send(task, SigStop);
        // The first takes the signal, the others find the stop under way.
        foreach (var thread in task.Threads)
            Enter(thread.Tid, signal);
    }

    /// <summary>Stops a task that has one thread yet, and lets it go on again, which its parent can wait for.</summary>
    /// <remarks>SIGCONT, masked as all are, waits for it afterwards.</remarks>
    public static void Pass(RestoringTask task)
    {
        Send(task, SigStop);
        Enter(task.Pid, SigStop);
        Send(task, SigCont);
        // On its way to this stop it tells its parent (get_signal in kernel/signal.c).
        TraceCall.Check(Ptrace.Continue(task.Pid), "Continuing", task.Pid);
        new Tracee(task.Pid, polled: false).AwaitStop(long.MaxValue, out var report);
        if (!report.IsEventStop)
            throw Unexpected(task.Pid, "continued", report);
    }

    private static void Send(RestoringTask task, int signal)
    {
        if (Libc.ErrnoOf(Libc.Syscall(Sys.kill, task.Pid, signal)) is not Errno.None and var errno)
            throw new CrKernelException("CrSignalFailed", $"{(signal == SigStop ? "Stopping" : "Continuing")} {task.Image}", errno) { Pid = task.VPid };
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
                throw Unexpected(tid, "stopped", report);
            }
        }
    }

    private static CrTargetException Unexpected(int tid, string what, WaitReport report)
        => new("CrPuppetFailed", $"Task {tid} was to be {what}, but stopped in a way that the engine does not expect ({report}).") { Pid = tid };
}
