using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Scheduler;

/// <summary>
/// Policy, priorities, affinity and timer slack of a thread. They are set from outside, with the rights of the
/// restoring process, and as late as can be, so that a slow policy does not slow the restore.
/// </summary>
internal sealed class SchedulerKind : ICapturesThread, IRestoresThread, IChecksImage
{
    private const int CapSysNice = 23;
    private const string NotKept = "CrSchedulingLost";

    public IEnumerable<RecordType> Records { get; } =
        [new(SchedulingRecord.Id, "SCHEDULING", SchedulingRecord.Read, SchedulingRecord.MaxPayload)];

    public RestoreStage ThreadStage => RestoreStage.Privileges;

    public Action<RecordSink> Capture(CaptureContext context, FrozenThread thread, SyscallBatch batch)
    {
        if (!Scheduling.TryGet(thread.Tid, out var a) || !Scheduling.TryGetAffinity(thread.Tid, out var processors) || !Scheduling.TryGetIoPriority(thread.Tid, out var io)
            || !Scheduling.TryGetNice(thread.Tid, out var nice))
            throw new CrTargetException("CrTaskEnded", $"Task {thread.Tid} ended while it was frozen.") { Pid = thread.Tid };
        var slack = batch.Must("read the timer slack", null, Sys.prctl, (int)PrctlOption.GetTimerSlack);
        return sink => sink.Emit(new SchedulingRecord
        {
            VTid = thread.VTid,
            Policy = a.Policy,
            Flags = a.Flags,
            Nice = nice,
            Priority = a.Priority,
            Runtime = a.Runtime,
            Deadline = a.Deadline,
            Period = a.Period,
            IoPriority = io,
            TimerSlack = (ulong)batch.Result(slack),
            Processors = processors,
        });
    }

    public Action? Restore(RestoreContext context, RestoringThread thread, SyscallBatch batch)
    {
        if (thread.Image.Get<SchedulingRecord>() is not { } saved)
            return null;
        if (saved.TimerSlack != 0)
            batch.Must("set the timer slack", null, Sys.prctl, (int)PrctlOption.SetTimerSlack, saved.TimerSlack);
        var what = $"thread {thread.Image.VTid}";
        context.Attempt(thread.Task, NotKept, $"affinity of {what}", () => SetAffinity(thread.Tid, saved));
        context.Attempt(thread.Task, NotKept, $"I/O priority of {what}", () => SetIoPriority(thread.Tid, saved));
        context.Attempt(thread.Task, NotKept, $"scheduling of {what}", () => SetPolicy(thread.Tid, saved));
        context.Attempt(thread.Task, NotKept, $"nice value of {what}", () => SetNice(thread.Tid, saved));
        return null;
    }

    private static void SetAffinity(int tid, SchedulingRecord saved)
    {
        ulong[] words = [.. saved.Processors];
        if (Scheduling.TryGetAffinity(tid, out var now) && !now.AsSpan().SequenceEqual(words))
            Scheduling.TrySetAffinity(tid, words);
    }

    private static void SetIoPriority(int tid, SchedulingRecord saved)
    {
        if (Scheduling.TryGetIoPriority(tid, out var now) && now != saved.IoPriority)
            Scheduling.TrySetIoPriority(tid, saved.IoPriority);
    }

    /// <summary>Idle and real-time threads have a nice value, too, which sched_setattr(2) leaves alone.</summary>
    private static void SetNice(int tid, SchedulingRecord saved)
    {
        if (Scheduling.TryGetNice(tid, out var now) && now != saved.Nice)
            Scheduling.TrySetNice(tid, saved.Nice);
    }

    private static void SetPolicy(int tid, SchedulingRecord saved)
    {
        if (!Scheduling.TryGet(tid, out var now))
            return;
        var due = now with
        {
            Policy = saved.Policy,
            Flags = saved.Flags,
            Nice = saved.Nice,
            Priority = saved.Priority,
            Runtime = saved.Runtime,
            Deadline = saved.Deadline,
            Period = saved.Period,
        };
        if (due == now)
            return;
        // The slice that the kernel shows for an ordinary thread is its default: set, it would become the thread's own.
        if (due.Runtime == now.Runtime && due.Policy != SchedulingPolicy.Deadline)
            due.Runtime = 0;
        Scheduling.TrySet(tid, due);
    }

    public void Check(CheckContext context)
    {
        if (Capabilities.Has(context.Proc, CapSysNice) || !Scheduling.TryGet(Environment.ProcessId, out var own))
            return;
        foreach (var task in context.Image.Tasks)
            foreach (var thread in task.Threads)
                if (thread.Get<SchedulingRecord>() is { } saved && (saved.Priority > 0 || saved.Policy == SchedulingPolicy.Deadline || saved.Nice < own.Nice))
                    context.Warn(task, NotKept, $"scheduling of thread {thread.VTid}",
                        $"policy {saved.Policy}, priority {saved.Priority}, nice {saved.Nice} may need CAP_SYS_NICE, which this program lacks");
    }
}
