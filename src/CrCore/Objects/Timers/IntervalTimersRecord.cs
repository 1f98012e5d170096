using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Timers;

/// <summary>
/// ITIMERS (140): the interval timers of a task that has one running (setitimer(2)): ITIMER_REAL, ITIMER_VIRTUAL and
/// ITIMER_PROF, each with what was left of it at the freeze.
/// </summary>
/// <param name="VPid">The task: the framing's parent.</param>
/// <param name="Real">Counts real time (SIGALRM).</param>
/// <param name="Virtual">Counts the task's own time (SIGVTALRM).</param>
/// <param name="Prof">Counts the task's time, the kernel's for it included (SIGPROF).</param>
public sealed record IntervalTimersRecord(int VPid, IntervalTimer Real, IntervalTimer Virtual, IntervalTimer Prof) : ICrRecord
{
    internal const int PayloadSize = 3 * 32;

    private const long MicrosecondsPerSecond = 1_000_000;

    /// <inheritdoc/>
    public short Type => TimerRecordIds.Interval;
    /// <inheritdoc/>
    public uint Parent => (uint)VPid;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        Write(ref w, Real);
        Write(ref w, Virtual);
        Write(ref w, Prof);
    }

    internal static IntervalTimersRecord Read(uint parent, ref FieldReader r)
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
