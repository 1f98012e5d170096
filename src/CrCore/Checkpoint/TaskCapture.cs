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
        var threads = new ThreadCalls[task.Threads.Count];
        var site = FindSite(task);
        var copied = false;
        try
        {
            copied = CaptureThreads(task, site, threads);
            if (!copied)
                site.Clear();
        }
        finally
        {
            // Else it is the copy's: its helper runs there.
            if (!copied)
                site.Dispose();
        }
        foreach (var thread in threads)
        {
            writer.WriteRecord(new ThreadRecord(task.VPid, thread.Thread.VTid));
            foreach (var step in thread.Steps)
                step(_sink);
        }
    }

    /// <summary>What one thread is asked, and what becomes of the answers. Steps of the task emit at once, a thread's come later.</summary>
    private sealed record ThreadCalls(FrozenThread Thread, SyscallBatch Batch, List<Action<RecordSink>> Steps);

    /// <summary>
    /// Runs the calls of the task and of its leader; then, while the leader waits, those of the other threads as its guests; and at
    /// last those of threads that cannot be guests, one after the other.
    /// </summary>
    /// <returns>Whether a copy of the address space was made, with the last of the hosts: the site is written anew for each.</returns>
    private bool CaptureThreads(FrozenTask task, InjectionSite site, ThreadCalls[] threads)
    {
        // The leader runs the task's calls and its own in one go: each batch is a switch there and back.
        var together = _taskBatch.ArenaBytes < ArenaSize / 2;
        threads[0] = Prepare(task.Leader, together ? _taskBatch : new SyscallBatch());
        var hosts = new List<ThreadCalls>();
        var copied = false;
        Host(task, task.Leader, site, remote =>
        {
            if (!together)
                remote.Run(_taskBatch);
            remote.Run(threads[0].Batch);
            Ask(task, remote);
            foreach (var step in _taskSteps)
                step(_sink);
            RunGuests(task, site, remote, threads, hosts);
            if (hosts.Count == 0 && copies.IsWanted(task.Stat))
                copied = Copy(task, task.Leader, remote);
        });
        for (var i = 0; i < hosts.Count; i++)
        {
            var host = hosts[i];
            var copy = i == hosts.Count - 1 && copies.IsWanted(task.Stat);
            if (!host.Batch.IsEmpty || copy)
                Host(task, host.Thread, site, remote =>
                {
                    remote.Run(host.Batch);
                    if (copy)
                        copied = Copy(task, host.Thread, remote);
                });
        }
        return copied;
    }

    private ThreadCalls Prepare(FrozenThread thread, SyscallBatch batch)
    {
        var steps = new List<Action<RecordSink>>();
        foreach (var kind in Kinds.All)
            if (kind is ICapturesThread captures && captures.Capture(context, thread, batch) is { } step)
                steps.Add(step);
        return new ThreadCalls(thread, batch, steps);
    }

    private void Host(FrozenTask task, FrozenThread thread, InjectionSite site, Action<InjectedThread> work)
    {
        using var undisturbed = SuspendedDispatch.Of(thread.Tid, thread.Dispatch);
        var state = StateOf(task, thread, out var status);
        // Until it is detached, its filters do not judge what it does for this program.
        if (status.SeccompMode != 0)
            TraceCall.Check(Ptrace.SetOptions(thread.Tid, PtraceOptions.TraceSysGood | PtraceOptions.SuspendSeccomp), "Suspending the seccomp mode", thread.Tid);
        var remote = InjectedThread.Enter(site, freezer.Stopped[thread.Tid].Tracee, task.Pid, state, ArenaSize);
        try
        {
            work(remote);
        }
        finally
        {
            remote.Leave();
        }
    }

    /// <summary>While one guest is under way the next is made ready; who cannot be a guest is put down as a host.</summary>
    private void RunGuests(FrozenTask task, InjectionSite site, InjectedThread host, ThreadCalls[] threads, List<ThreadCalls> hosts)
    {
        var places = new GuestThread?[site.Guests];
        var next = 0;
        try
        {
            for (var i = 1; i < threads.Length; i++)
            {
                var thread = threads[i] = Prepare(task.Threads[i], new SyscallBatch(calls: i > 1 ? threads[i - 1].Batch.Count : 0));
                var state = StateOf(task, thread.Thread, out var status);
                if (places.Length == 0 || !CanBeGuest(thread, state, status))
                {
                    hosts.Add(thread);
                    continue;
                }
                var place = next++ % places.Length;
                var before = places[place];
                places[place] = null;
                before?.Finish();
                places[place] = GuestThread.Start(site, place, host.Arena, freezer.Stopped[thread.Thread.Tid].Tracee, task.Pid, state, thread.Batch);
            }
            for (var i = 0; i < places.Length; i++)
            {
                var last = places[(next + i) % places.Length];
                places[(next + i) % places.Length] = null;
                last?.Finish();
            }
        }
        finally
        {
            // After an error: the arena must not go before them.
            foreach (var guest in places)
                guest?.ReturnHome();
        }
    }

    /// <summary>Filters of seccomp(2) would judge the batch of a guest whose tracer died, and a dispatch of system calls takes them away.</summary>
    private static bool CanBeGuest(ThreadCalls thread, in InjectedState state, ProcStatus status)
        => status.SeccompMode == 0 && GuestThread.CanRun(state.Marker, thread.Batch) && !thread.Thread.Dispatch.IsOn;

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

    private InjectedState StateOf(FrozenTask task, FrozenThread thread, out ProcStatus status)
    {
        // Signals may have become pending since: a marker among them is met on the way in.
        if (!ProcStatus.TryRead(context.Proc, new TaskDir(task.Pid, thread.Tid), out status))
            throw new CrTargetException("CrTaskEnded", $"Task {thread.Tid} ended while it was frozen.") { Pid = thread.Tid };
        var marker = InjectedThread.ChooseMarker(status.CaughtSignals, thread.SignalMask, status.PendingSignals | status.SharedPendingSignals);
        return new InjectedState(thread.Registers, thread.SignalMask, marker, status.NamespaceTgids[^1], status.NamespacePids[^1]);
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
        ExitCode = task.IsZombie ? (uint)task.Stat.ExitCode : task.IsContinueNews ? TaskRecord.StatusContinued : task.IsStopKnown ? 0 : (uint)task.StopSignal,
        ExitSignal = (uint)Math.Max(0, task.Stat.ExitSignal),
        VPid = task.VPid,
        ChildrenCount = task.Children.Count,
        VPgid = task.VPgid,
        VSid = task.VSid,
        ThreadCount = task.Threads.Count,
    };
}
