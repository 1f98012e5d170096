using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Events;

/// <summary>
/// Timers with a descriptor (timerfd_create(2)). One armed by a time of day (an absolute time of CLOCK_REALTIME) keeps that
/// time, and expires at once when it is past; every other goes on with what it had left, as POSIX timers do. Expirations
/// that nobody has read are kept.
/// </summary>
internal sealed class TimerFdKind : IDescriptorKind
{
    private const int Realtime = 0, Boottime = 7, RealtimeAlarm = 8, BoottimeAlarm = 9;

    /// <summary>TFD_IOC_SET_TICKS of linux/timerfd.h; only where the kernel has CONFIG_CHECKPOINT_RESTORE.</summary>
    private const uint SetTicks = 0x40085400;

    public IReadOnlyList<FdType> Types { get; } = [FdType.TimerFd];

    public IEnumerable<RecordType> Records => [new(EventRecordIds.TimerFd, "TIMERFD", TimerFdRecord.Read, TimerFdRecord.PayloadSize)];

    public bool Claims(Descriptor d) => d.Name == "anon_inode:[timerfd]";

    public void Inspect(DescriptorInspection inspection, Descriptor d)
    {
        if (TimerFdDetails.Of(d) is null)
            inspection.Refuse(d, "CrTimerFdUntold", "the kernel does not tell how this timerfd is set", "Use a kernel with CONFIG_PROC_FS, 3.17 or newer.");
    }

    public SavedForm Capture(DescriptorCapture capture, Descriptor d)
    {
        using var own = capture.Borrow(d);
        var details = Settled(capture.Context.Proc, own, d);
        return new(FdType.TimerFd, d.Name, Records: [new TimerFdRecord
        {
            Clock = details.Clock,
            Flags = details.Flags & (TimerFdRecord.AbsoluteTime | TimerFdRecord.CancelOnSet),
            Ticks = details.Ticks,
            Time = details.Time,
            Expiry = details.Time.Value.IsZero ? default : Clocks.Now(Readable(details.Clock)).Plus(details.Time.Value),
        }]);
    }

    /// <summary>
    /// Alarm clocks show what the clocks do that they are named after, and cannot be read on a machine without a clock of its own
    /// that wakes it, where timers of them run all the same (alarm_clock_get_timespec in kernel/time/alarmtimer.c).
    /// </summary>
    private static int Readable(int clock) => clock switch
    {
        RealtimeAlarm => Realtime,
        BoottimeAlarm => Boottime,
        _ => clock,
    };

    /// <summary>
    /// A periodic timer that ran out unread is asked for its time once (timerfd_gettime), which makes the kernel count what it
    /// has missed and set it to its next time: what a read would do, but for taking the count away.
    /// </summary>
    private static TimerFdDetails Settled(ProcReader proc, OwnDescriptor own, Descriptor d)
    {
        for (var tries = 0; tries < 10; tries++)
        {
            var now = ProcFd.TryReadInfo(proc, d.Pid, d.Fd, out var info, out var rest) ? TimerFdDetails.Of(d with { Info = info, Details = rest.ToArray() }) : null;
            if (now is not { } details)
                break;
            if (!details.IsOverdue)
                return details;
            if (own.ReadTimer() is not Errno.None and var errno)
                throw new CrKernelException("CrTimerFdFailed", $"Task {d.Pid}: reading the time of {d.Label}", errno) { Pid = d.Pid, Object = d.Label };
        }
        throw new CrTargetException("CrTimerFdUntold", $"Task {d.Pid}: {d.Label} runs out faster than it can be read.", "Let the program stop the timer.") { Pid = d.Pid, Object = d.Label };
    }

    public void Check(CheckContext context, SavedDescription saved)
    {
        if (Require(saved).Clock is RealtimeAlarm or BoottimeAlarm && !Capabilities.Has(context.Proc, Capabilities.WakeAlarm))
            context.Refuse(saved.Task, "CrWakeAlarm", saved.Label, "it is a timer that wakes the machine from sleep, which takes CAP_WAKE_ALARM", "Restore with that capability.");
    }

    public Action? Restore(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        DescriptorServer.Move(batch, saved.Label, batch.Must("make a timerfd", saved.Label, Sys.timerfd_create, Require(saved).Clock, 0), server.NumberOf(saved));
        server.SetFlags(saved, batch);
        return null;
    }

    /// <summary>Armed late: what it has left counts from when the tree runs again, as nearly as can be.</summary>
    public void Finish(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        var timer = Require(saved);
        var isTimeOfDay = timer.Clock is Realtime or RealtimeAlarm && (timer.Flags & TimerFdRecord.AbsoluteTime) != 0;
        if (timer.IsArmed)
            batch.Must("arm the timer", saved.Label, Sys.timerfd_settime, server.NumberOf(saved), isTimeOfDay ? timer.Flags : 0,
                batch.In(isTimeOfDay ? timer.Time with { Value = timer.Expiry } : timer.Time), 0);
        if (timer.Ticks != 0)
            batch.Must("set the expirations that were not read", saved.Label, Sys.ioctl, server.NumberOf(saved), SetTicks, batch.In(timer.Ticks));
    }

    private static TimerFdRecord Require(SavedDescription saved) => saved.Get<TimerFdRecord>() ?? throw EventImage.Missing(saved, "TIMERFD");
}
