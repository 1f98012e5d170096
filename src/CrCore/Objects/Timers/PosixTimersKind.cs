using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Timers;

/// <summary>
/// POSIX timers, with their ids. Each goes on with what it had left, also one that was armed with an absolute time:
/// the kernel does not tell which were.
/// </summary>
internal sealed class PosixTimersKind : ICapturesTask, IRestoresTask, IInspectsTask
{
    private const int Size = 32;

    /// <summary>CLOCKFD of include/linux/posix-timers.h: the low bits of a clock that stands for a descriptor.</summary>
    private const int ClockKind = 7, DescriptorClock = 3;

    public IEnumerable<RecordType> Records { get; } =
        [new(TimerRecordIds.Posix, "POSIX_TIMERS", PosixTimersRecord.Read, PosixTimersRecord.MaxPayload)];

    public RestoreStage Stage => RestoreStage.Privileges;

    public void Inspect(InspectContext context, LiveTask task)
    {
        var timers = new List<PosixTimer>();
        if (!ProcTimers.TryRead(context.Proc, task.Pid, timers))
            return;
        foreach (var t in timers)
            if (t.ClockId < 0 && (t.ClockId & ClockKind) == DescriptorClock)
                context.Refuse(task, "CrDynamicClock", $"POSIX timer {t.Id}", "it runs on a clock device (/dev/ptp…), which is not saved");
    }

    public Action<RecordSink>? Capture(CaptureContext context, FrozenTask task, SyscallBatch batch)
    {
        var timers = new List<PosixTimer>();
        ProcTimers.TryRead(context.Proc, task.Pid, timers);
        if (timers.Count == 0)
            return null;
        timers.Sort((a, b) => a.Id.CompareTo(b.Id));
        var times = new RemoteBuffer[timers.Count];
        for (var i = 0; i < times.Length; i++)
            batch.Must("read timer", timers[i].Id, Sys.timer_gettime, timers[i].Id, times[i] = batch.Out(Size));
        return sink =>
        {
            var saved = new SavedPosixTimer[timers.Count];
            for (var i = 0; i < saved.Length; i++)
                saved[i] = Save(task, timers[i], batch.Read<TimerSpec>(times[i]));
            sink.Emit(new PosixTimersRecord(task.VPid, saved));
        };
    }

    private static SavedPosixTimer Save(FrozenTask task, in PosixTimer timer, TimerSpec time) => new()
    {
        Id = timer.Id,
        ClockId = timer.ClockId,
        Notify = (int)timer.Notify | (timer.IsThreadDirected ? SigEvent.ThreadId : 0),
        Signal = timer.Signal,
        Value = timer.Value,
        TargetVTid = timer.IsThreadDirected ? VTid(task, timer) : 0,
        Time = time,
    };

    private static int VTid(FrozenTask task, in PosixTimer timer)
    {
        foreach (var thread in task.Threads)
            if (thread.Tid == timer.Target)
                return thread.VTid;
        throw new CrTargetException("CrTimerWithoutThread", $"The POSIX timer {timer.Id} of task {task} signals a thread that has ended, and cannot be made again.",
            "Let the program delete the timer and try again.") { Pid = task.Pid };
    }

    /// <summary>After the task's own batch, which takes away the signals that its making left.</summary>
    public Action? Restore(RestoreContext context, RestoringTask task, SyscallBatch batch)
        => task.Image.Get<PosixTimersRecord>() is { Timers.Count: > 0 } record ? new TimerCreation(task, record).Run : null;
}
