using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Timers;

/// <summary>
/// Interval timers. Time stands still for them between checkpoint and restore: each goes on with what it had left.
/// </summary>
internal sealed class IntervalTimersKind : ICapturesTask, IRestoresTask
{
    private const int Size = 32;

    public IEnumerable<RecordType> Records { get; } =
        [new(TimerRecordIds.Interval, "ITIMERS", IntervalTimersRecord.Read, IntervalTimersRecord.PayloadSize)];

    public RestoreStage Stage => RestoreStage.Privileges;

    public Action<RecordSink> Capture(CaptureContext context, FrozenTask task, SyscallBatch batch)
    {
        RemoteBuffer[] timers = [batch.Out(Size), batch.Out(Size), batch.Out(Size)];
        for (var which = 0; which < timers.Length; which++)
            batch.Must("read the interval timer", which, Sys.getitimer, which, timers[which]);
        return sink =>
        {
            var record = new IntervalTimersRecord(task.VPid, Saved(batch.Read<IntervalTimer>(timers[0])),
                batch.Read<IntervalTimer>(timers[1]), batch.Read<IntervalTimer>(timers[2]));
            if (Runs(record.Real) || Runs(record.Virtual) || Runs(record.Prof))
                sink.Emit(record);
        };
    }

    /// <summary>
    /// ITIMER_REAL shows 0 from its expiry until its signal is delivered, which starts the next interval (itimer_rearm
    /// in kernel/time/itimer.c): saved as 0 it would never run again.
    /// </summary>
    internal static IntervalTimer Saved(IntervalTimer real) => real.Value.IsZero && !real.Interval.IsZero ? real with { Value = real.Interval } : real;

    private static bool Runs(in IntervalTimer timer) => !timer.Value.IsZero || !timer.Interval.IsZero;

    public Action? Restore(RestoreContext context, RestoringTask task, SyscallBatch batch)
    {
        if (task.Image.Get<IntervalTimersRecord>() is not { } record)
            return null;
        ReadOnlySpan<IntervalTimer> timers = [record.Real, record.Virtual, record.Prof];
        for (var which = 0; which < timers.Length; which++)
            if (Runs(timers[which]))
                batch.Must("start the interval timer", which, Sys.setitimer, which, batch.In(timers[which]), 0);
        return null;
    }
}
