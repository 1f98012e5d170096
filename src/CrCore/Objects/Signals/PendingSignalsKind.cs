using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Signals;

/// <summary>
/// Signals that wait for delivery, those of the task and those of a thread. A puppet has every signal masked until its
/// release, so what is queued here waits for the saved masks.
/// </summary>
internal sealed class PendingSignalsKind : ICapturesTask, ICapturesThread, IRestoresTask, IRestoresThread
{
    private const int SigChld = 17, FirstRealTime = 32;

    public IEnumerable<RecordType> Records { get; } =
        [new(SignalRecordIds.Pending, "SIGPENDING", PendingSignalsRecord.Read, PendingSignalsRecord.MaxPayload)];

    public RestoreStage Stage => RestoreStage.Privileges;

    public RestoreStage ThreadStage => RestoreStage.Privileges;

    public Action<RecordSink>? Capture(CaptureContext context, FrozenTask task, SyscallBatch batch)
        => Emit(task.VPid, PendingQueue.Complete(PendingQueue.Peek(task.Leader.Tid, shared: true), StatusOf(context, task.Leader).SharedPendingSignals));

    public Action<RecordSink>? Capture(CaptureContext context, FrozenThread thread, SyscallBatch batch)
        => Emit(thread.VTid, PendingQueue.Complete(PendingQueue.Peek(thread.Tid, shared: false), StatusOf(context, thread).PendingSignals));

    private static ProcStatus StatusOf(CaptureContext context, FrozenThread thread)
        => ProcStatus.TryRead(context.Proc, new TaskDir(thread.Pid, thread.Tid), out var status) ? status
            : throw new CrTargetException("CrTaskEnded", $"Task {thread.Tid} ended while it was frozen.") { Pid = thread.Tid };

    private static Action<RecordSink>? Emit(int id, byte[] infos)
        => infos.Length == 0 ? null : sink => sink.Emit(new PendingSignalsRecord(id, infos));

    public Action? Restore(RestoreContext context, RestoringTask task, SyscallBatch batch)
    {
        Drain(task, batch);
        return task.Image.Get<PendingSignalsRecord>() is { } record
            ? PendingQueue.Queue(record, batch, task.Remote, (b, signal, info) => b.Must("queue signal", signal, Sys.rt_sigqueueinfo, task.VPid, signal, info))
            : null;
    }

    public Action? Restore(RestoreContext context, RestoringThread thread, SyscallBatch batch)
        => thread.Image.Get<PendingSignalsRecord>() is { } record
            ? PendingQueue.Queue(record, batch, thread.Remote,
                (b, signal, info) => b.Must("queue signal", signal, Sys.rt_tgsigqueueinfo, thread.Task.VPid, thread.Image.VTid, signal, info))
            : null;

    /// <summary>Takes away what the making of the task's children left: the signals of those that have ended already.</summary>
    private static void Drain(RestoringTask task, SyscallBatch batch)
    {
        var set = new SignalSet(0).With(SigChld);
        // A standard signal is pending once; of the others each end queues one.
        var count = 1;
        foreach (var child in task.Children)
            if (child.IsZombie && child.Image.Task.ExitSignal is >= 1 and <= 64 and var signal)
            {
                count += signal >= FirstRealTime || !set.Contains((int)signal) ? 1 : 0;
                set = set.With((int)signal);
            }
        var mask = batch.In(set);
        var now = batch.In(new TimeSpec(0, 0));
        for (var i = 0; i < count; i++)
            batch.Try(Sys.rt_sigtimedwait, mask, 0, now, SignalSet.Size);
    }
}
