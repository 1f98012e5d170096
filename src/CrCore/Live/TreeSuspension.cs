using System.Diagnostics;
using CrCore.Checkpoint;
using CrCore.Kernel;

namespace CrCore.Live;

/// <summary>A task that was suspended or resumed.</summary>
/// <param name="Summary">The task, as it was found before.</param>
/// <param name="WasStopped">It was stopped already, before anything was sent to it.</param>
public sealed record SuspendedTask(TaskSummary Summary, bool WasStopped);

/// <summary>
/// Stops a tree as job control does (SIGSTOP, signal(7)) and lets it go on (SIGCONT). Unlike a freeze for a checkpoint it
/// lasts when this program ends, and the tree's parents can see it.
/// </summary>
public sealed class TreeSuspension(TimeSpan timeout, ICrLog? log = null)
{
    private const int SigCont = 18, SigStop = 19;

    /// <summary>Stops every task; walks again and again until a walk finds none that runs.</summary>
    /// <exception cref="CrException">Nothing is stopped that was not before.</exception>
    public IReadOnlyList<SuspendedTask> Suspend(int pid, CancellationToken cancel = default)
    {
        using var proc = new ProcReader();
        CheckpointPreflight.CheckTarget(proc, pid);
        var sent = new Dictionary<int, ulong>();
        var deadline = Stopwatch.GetTimestamp() + (long)(timeout.TotalSeconds * Stopwatch.Frequency);
        try
        {
            while (true)
            {
                cancel.ThrowIfCancellationRequested();
                var walk = TreeWalk.Walk(proc, pid);
                if (walk.Count == 0)
                    throw new CrTargetException("CrRootEnded", $"Process {pid} ended before it could be suspended.") { Pid = pid };
                if (Step(proc, walk, sent) is not { } runs)
                    return walk.ConvertAll(t => new SuspendedTask(TreeCheckpoint.Summary(t), !t.IsZombie && !sent.ContainsKey(t.Pid)));
                if (Stopwatch.GetTimestamp() >= deadline)
                    throw new CrTargetException("CrSuspendTimeout", $"Task {runs} did not stop within {timeout.TotalSeconds:0.#} s; what had been suspended was resumed.",
                        "A task in uninterruptible sleep (state D) stops only when that is over; raise the time limit, or try again later.") { Pid = runs };
                Thread.Sleep(1);
            }
        }
        catch
        {
            foreach (var (task, started) in sent)
                Send(proc, task, started, SigCont);
            throw;
        }
    }

    /// <summary>Lets every stopped task of a tree go on.</summary>
    /// <returns>All tasks; those that were stopped say so.</returns>
    public IReadOnlyList<SuspendedTask> Resume(int pid, CancellationToken cancel = default)
    {
        using var proc = new ProcReader();
        CheckpointPreflight.CheckTarget(proc, pid);
        var walk = TreeWalk.Walk(proc, pid);
        var tasks = new List<SuspendedTask>(walk.Count);
        // Children first: a parent that goes on finds them as it left them.
        for (var i = walk.Count - 1; i >= 0; i--)
        {
            cancel.ThrowIfCancellationRequested();
            var stopped = IsStopped(proc, walk[i]);
            if (stopped && Send(proc, walk[i].Pid, walk[i].Stat.StartTime, SigCont))
                log?.Debug($"SIGCONT to {walk[i].Pid} ({walk[i].Comm}).");
            tasks.Add(new SuspendedTask(TreeCheckpoint.Summary(walk[i]), stopped));
        }
        tasks.Reverse();
        log?.Verbose($"{tasks.FindAll(t => t.WasStopped).Count} of {tasks.Count} tasks were stopped and go on.");
        return tasks;
    }

    /// <summary>Sends to those that run and were not sent to yet.</summary>
    /// <returns>A task that still runs, or null.</returns>
    private int? Step(ProcReader proc, List<LiveTask> walk, Dictionary<int, ulong> sent)
    {
        int? runs = null;
        foreach (var task in walk)
        {
            if (task.IsZombie || IsStopped(proc, task))
                continue;
            runs = task.Pid;
            if (sent.ContainsKey(task.Pid) && sent[task.Pid] == task.Stat.StartTime)
                continue;
            if (!Send(proc, task.Pid, task.Stat.StartTime, SigStop))
                continue;
            sent[task.Pid] = task.Stat.StartTime;
            log?.Debug($"SIGSTOP to {task.Pid} ({task.Comm}).");
        }
        return runs;
    }

    private static bool IsStopped(ProcReader proc, LiveTask task)
    {
        if (task.Tids.Count == 0)
            return false;
        foreach (var tid in task.Tids)
            if (ProcStat.TryRead(proc, new TaskDir(task.Pid, tid), out var stat) && !stat.IsZombie && stat.State is not (TaskState.Stopped or TaskState.TracingStop))
                return false;
        return true;
    }

    /// <summary>Through a pidfd, so that a number given to another process meanwhile is not hit.</summary>
    private static bool Send(ProcReader proc, int pid, ulong startTime, int signal)
    {
        PidFd process;
        try
        {
            process = PidFd.Open(pid);
        }
        catch (CrKernelException e) when (e.Errno == Errno.ESRCH)
        {
            return false;
        }
        using (process)
        {
            if (!ProcStat.TryRead(proc, pid, out var stat) || stat.StartTime != startTime)
                return false;
            try
            {
                return process.TrySendSignal(signal);
            }
            catch (CrKernelException e) when (e.Errno == Errno.EPERM)
            {
                // Who may send a signal is another question than who may trace (kill(2)).
                throw new CrKernelException("CrPidFdFailed", $"Sending {(signal == SigStop ? "SIGSTOP" : "SIGCONT")} to task {pid} ({stat.Comm}) failed", Errno.EPERM, "Run as the task's user, or with CAP_KILL.") { Pid = pid };
            }
        }
    }
}
