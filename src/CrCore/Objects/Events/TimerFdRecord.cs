using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Events;

/// <summary>TIMERFD (341): the timer behind a timerfd_create(2).</summary>
public sealed record TimerFdRecord : ICrRecord
{
    internal const int PayloadSize = 64;

    /// <summary>TFD_TIMER_ABSTIME and TFD_TIMER_CANCEL_ON_SET of linux/timerfd.h.</summary>
    public const uint AbsoluteTime = 1, CancelOnSet = 2;

    private const long NanosecondsPerSecond = 1_000_000_000;

    /// <inheritdoc/>
    public short Type => EventRecordIds.TimerFd;
    /// <inheritdoc/>
    public uint Parent => 0;

    /// <summary>CLOCK_* of linux/time.h.</summary>
    public required int Clock { get; init; }

    /// <summary>How it was armed.</summary>
    public required uint Flags { get; init; }

    /// <summary>Expirations that nobody has read.</summary>
    public required ulong Ticks { get; init; }

    /// <summary>The interval, and what was left at the freeze; both 0 for one that is not armed.</summary>
    public required TimerSpec Time { get; init; }

    /// <summary>When it would expire, on its clock; 0 when it is not armed.</summary>
    public required TimeSpec Expiry { get; init; }

    /// <summary>Not so when it expired once and has no interval.</summary>
    public bool IsArmed => !Time.Value.IsZero;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.I32(Clock);
        w.U32(Flags);
        w.U64(Ticks);
        Write(ref w, Time.Interval);
        Write(ref w, Time.Value);
        Write(ref w, Expiry);
    }

    internal static TimerFdRecord Read(uint parent, ref FieldReader r) => new()
    {
        Clock = r.I32(),
        Flags = r.U32(),
        Ticks = r.U64(),
        Time = new TimerSpec(ReadTime(ref r), ReadTime(ref r)),
        Expiry = ReadTime(ref r),
    };

    private static void Write(ref FieldWriter w, TimeSpec time)
    {
        w.I64(time.Seconds);
        w.I64(time.Nanoseconds);
    }

    private static TimeSpec ReadTime(ref FieldReader r)
    {
        var time = new TimeSpec(r.I64(), r.I64());
        return time is { Seconds: >= 0, Nanoseconds: >= 0 and < NanosecondsPerSecond } ? time : throw r.Bad($"a time is {time.Seconds} s and {time.Nanoseconds} ns");
    }
}
