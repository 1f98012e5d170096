using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Timers;

/// <summary>
/// ITIMERS (140): the interval timers of a task that has one running (setitimer(2)): ITIMER_REAL, ITIMER_VIRTUAL and
/// ITIMER_PROF, each with what was left of it at the freeze.
/// </summary>
public sealed record IntervalTimersRecord(int VPid, IntervalTimer Real, IntervalTimer Virtual, IntervalTimer Prof) : ICrRecord
{
    public const int PayloadSize = 3 * 32;

    private const long MicrosecondsPerSecond = 1_000_000;

    public short Type => TimerRecordIds.Interval;
    public uint Parent => (uint)VPid;

    public void Write(ref FieldWriter w)
    {
        Write(ref w, Real);
        Write(ref w, Virtual);
        Write(ref w, Prof);
    }

    public static IntervalTimersRecord Read(uint parent, ref FieldReader r)
        => new((int)parent, ReadTimer(ref r), ReadTimer(ref r), ReadTimer(ref r));

    private static void Write(ref FieldWriter w, in IntervalTimer t)
    {
        w.I64(t.Interval.Seconds);
        w.I64(t.Interval.Microseconds);
        w.I64(t.Value.Seconds);
        w.I64(t.Value.Microseconds);
    }

    private static IntervalTimer ReadTimer(ref FieldReader r) => new(ReadTime(ref r), ReadTime(ref r));

    private static TimeVal ReadTime(ref FieldReader r)
    {
        var time = new TimeVal(r.I64(), r.I64());
        return time is { Seconds: >= 0, Microseconds: >= 0 and < MicrosecondsPerSecond }
            ? time
            : throw r.Bad($"a time is {time.Seconds} s and {time.Microseconds} µs");
    }
}
