using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects;
using CrCore.Remote;

namespace CrCore.Checkpoint;

/// <summary>Captures one frozen task: asks every kind, runs their calls inside its threads, writes their records in order.</summary>
internal sealed class TaskCapture(CaptureContext context, TreeFreezer freezer, MemoryCopies copies, ImageWriter writer)
{
    private const int ArenaSize = 1 << 20;

    private readonly SyscallBatch _taskBatch = new();
    private readonly RecordSink _sink = new(writer.WriteRecord);
    private readonly List<Action<RecordSink>> _taskSteps = [];
    private readonly List<MemoryMapping> _mappings = [];

    public void Capture(FrozenTask task)
    {
        writer.WriteTask(RecordOf(task), task.Comm);
        if (task.IsZombie)
            return;
        _taskBatch.Reset();
        _taskSteps.Clear();
        foreach (var kind in Kinds.All)
            if (kind is ICapturesTask captures && captures.Capture(context, task, _taskBatch) is { } step)
                _taskSteps.Add(step);
        var threadSteps = new List<Action<RecordSink>>[task.Threads.Count];
        var site = FindSite(task);
        var copied = false;
        try
        {
            for (var i = 0; i < task.Threads.Count; i++)
                threadSteps[i] = CaptureThread(task, task.Threads[i], site, ref copied);
            if (!copied)
                site.Clear();
        }
        finally
        {
            // Else it is the copy's: its helper runs there.
            if (!copied)
                site.Dispose();
        }
        for (var i = 0; i < task.Threads.Count; i++)
        {
            writer.WriteRecord(new ThreadRecord(task.VPid, task.Threads[i].VTid));
            foreach (var step in threadSteps[i])
                step(_sink);
        }
    }

    /// <summary>Runs the thread's calls (the leader: the task's, too). Steps of the task emit at once; the thread's come later.</summary>
    private List<Action<RecordSink>> CaptureThread(FrozenTask task, FrozenThread thread, InjectionSite site, ref bool copied)
    {
        var steps = new List<Action<RecordSink>>();
        // The leader runs the task's calls and its own in one go: each batch is a switch there and back.
        var batch = thread == task.Leader && _taskBatch.ArenaBytes < ArenaSize / 2 ? _taskBatch : new SyscallBatch();
        foreach (var kind in Kinds.All)
            if (kind is ICapturesThread captures && captures.Capture(context, thread, batch) is { } step)
                steps.Add(step);
        var leads = thread == task.Leader;
        // With the last thread: the site is written anew for each.
        var copy = thread == task.Threads[^1] && copies.IsWanted(task);
        if (!batch.IsEmpty || (leads && !_taskBatch.IsEmpty) || copy)
        {
            using var undisturbed = SuspendedDispatch.Of(thread.Tid);
            var remote = Enter(task, thread, site);
            try
            {
                if (leads && batch != _taskBatch)
                    remote.Run(_taskBatch);
                remote.Run(batch);
                if (leads)
                    Ask(task, remote);
                if (copy)
                    copied = Copy(task, thread, remote);
            }
            finally
            {
                remote.Leave();
            }
        }
        if (leads)
            foreach (var step in _taskSteps)
                step(_sink);
        return steps;
    }

    private void Ask(FrozenTask task, InjectedThread remote)
    {
        foreach (var kind in Kinds.All)
        {
            if (kind is not IAsksTask asks || asks.Ask(context, task) is not { } next)
                continue;
            var batch = new SyscallBatch();
            while (next(batch))
                remote.Run(batch);
        }
    }

    private bool Copy(FrozenTask task, FrozenThread thread, InjectedThread remote)
    {
        // The helper has the thread's filters, and nobody suspends them once it was let go.
        var obstacle = ProcStatus.TryRead(context.Proc, new TaskDir(task.Pid, thread.Tid), out var status) && status.SeccompMode != 0
            ? "it has a mode or filters of seccomp(2)"
            : MemoryCopies.Obstacle(context, task, remote);
        if (obstacle is null)
        {
            if (remote.TryCopy(out var errno) is { } copy)
            {
                copies.Add(copy);
                return true;
            }
            obstacle = $"the kernel refused to copy it: {errno} ({errno.Describe()})";
        }
        context.Warnings.Add(new("CrNoMemoryCopy", CrErrorKind.Obstacle, ObstacleSeverity.Warning, task.Pid, task.Comm, "memory",
            $"no copy of it could be made ({obstacle}), so the tree stood still while it was written", "-NoCopy asks for that from the first."));
        return false;
    }

    private InjectedThread Enter(FrozenTask task, FrozenThread thread, InjectionSite site)
    {
        // Signals may have become pending since: a marker among them is met on the way in.
        if (!ProcStatus.TryRead(context.Proc, new TaskDir(task.Pid, thread.Tid), out var status))
            throw new CrTargetException("CrTaskEnded", $"Task {thread.Tid} ended while it was frozen.") { Pid = thread.Tid };
        var marker = InjectedThread.ChooseMarker(status.CaughtSignals, thread.SignalMask, status.PendingSignals | status.SharedPendingSignals);
        var tracee = freezer.Stopped[thread.Tid].Tracee;
        // Until it is detached, its filters do not judge what it does for this program.
        if (status.SeccompMode != 0)
            TraceCall.Check(Ptrace.SetOptions(thread.Tid, PtraceOptions.TraceSysGood | PtraceOptions.SuspendSeccomp), "Suspending the seccomp mode", thread.Tid);
        return InjectedThread.Enter(site, tracee, task.Pid, thread.Registers, thread.SignalMask, marker,
            status.NamespaceTgids[^1], status.NamespacePids[^1], ArenaSize);
    }

    private InjectionSite FindSite(FrozenTask task)
    {
        _mappings.Clear();
        ProcMaps.TryRead(context.Proc, task.Pid, _mappings);
        return InjectionSite.Find(task.Pid, _mappings, Registers(task));

        static IEnumerable<Registers> Registers(FrozenTask task)
        {
            foreach (var t in task.Threads)
                yield return t.Registers;
        }
    }

    private static TaskRecord RecordOf(FrozenTask task) => new()
    {
        State = task.IsZombie ? TaskRecord.StateRunning
            : task.StopSignal != 0 ? TaskRecord.StateStopped
            : task.Leader.Registers.InSyscall ? TaskRecord.StateInterruptible : TaskRecord.StateRunning,
        ExitState = task.IsZombie ? TaskRecord.ExitZombie : 0,
        ExitCode = task.IsZombie ? (uint)task.Stat.ExitCode : (uint)task.StopSignal,
        ExitSignal = (uint)Math.Max(0, task.Stat.ExitSignal),
        VPid = task.VPid,
        ChildrenCount = task.Children.Count,
        VPgid = task.VPgid,
        VSid = task.VSid,
        ThreadCount = task.Threads.Count,
    };
}
