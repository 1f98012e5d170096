using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Timers;

/// <summary>A POSIX timer (timer_create(2)).</summary>
public sealed record SavedPosixTimer
{
    /// <summary>As timer_create returned it; unique in its task.</summary>
    public required int Id { get; init; }

    /// <summary>CLOCK_* of linux/time.h; negative for the CPU time of one task or thread (clock_getcpuclockid(3)).</summary>
    public required int ClockId { get; init; }

    /// <summary>SIGEV_* of sigevent(3type), with the thread bit (4).</summary>
    public required int Notify { get; init; }

    /// <summary>sigev_signo.</summary>
    public required int Signal { get; init; }

    /// <summary>sigev_value.</summary>
    public required ulong Value { get; init; }

    /// <summary>The thread that gets the signal, where <see cref="Notify"/> has the thread bit.</summary>
    public required int TargetVTid { get; init; }

    /// <summary>The interval, and what was left at the freeze; 0 for a timer that is not armed.</summary>
    public required TimerSpec Time { get; init; }
}

/// <summary>POSIX_TIMERS (141): the POSIX timers of a task, ascending by id.</summary>
/// <param name="VPid">The task: the framing's parent.</param>
/// <param name="Timers">Each with a number of its own.</param>
public sealed record PosixTimersRecord(int VPid, IReadOnlyList<SavedPosixTimer> Timers) : ICrRecord
{
    /// <summary>RLIMIT_SIGPENDING bounds timers in the kernel; this bounds them in an image.</summary>
    public const int MaxCount = 131_072;

    private const int EntrySize = 60;

    internal const int MaxPayload = 4 + MaxCount * EntrySize;

    /// <inheritdoc/>
    public short Type => TimerRecordIds.Posix;
    /// <inheritdoc/>
    public uint Parent => (uint)VPid;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32((uint)Timers.Count);
        foreach (var t in Timers)
        {
            w.I32(t.Id);
            w.I32(t.ClockId);
            w.I32(t.Notify);
            w.I32(t.Signal);
            w.U64(t.Value);
            w.I32(t.TargetVTid);
            w.I64(t.Time.Interval.Seconds);
            w.I64(t.Time.Interval.Nanoseconds);
            w.I64(t.Time.Value.Seconds);
            w.I64(t.Time.Value.Nanoseconds);
        }
    }

    internal static PosixTimersRecord Read(uint parent, ref FieldReader r)
    {
        var timers = new SavedPosixTimer[r.Count(EntrySize)];
        var last = -1;
        for (var i = 0; i < timers.Length; i++)
        {
            timers[i] = new SavedPosixTimer
            {
                Id = r.I32(),
                ClockId = r.I32(),
                Notify = r.I32(),
                Signal = r.I32(),
                Value = r.U64(),
                TargetVTid = r.I32(),
                Time = new(ReadTime(ref r), ReadTime(ref r)),
            };
            if (timers[i].Id <= last)
                throw r.Bad($"timer {timers[i].Id} follows timer {last}");
            last = timers[i].Id;
        }
        return new PosixTimersRecord((int)parent, timers);
    }

    private static TimeSpec ReadTime(ref FieldReader r)
    {
        var time = new TimeSpec(r.I64(), r.I64());
        return time is { Seconds: >= 0, Nanoseconds: >= 0 and < 1_000_000_000 }
            ? time
            : throw r.Bad($"a time is {time.Seconds} s and {time.Nanoseconds} ns");
    }
}
