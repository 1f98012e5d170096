using System.Globalization;
using CrCore.Kernel;
using CrCore.Objects.Files;

namespace CrCore.Objects.Events;

/// <summary>What fdinfo says of a timerfd (timerfd_show in fs/timerfd.c).</summary>
/// <param name="Time">The interval, and what is left; a timer that has run out unread has nothing left, whatever its interval.</param>
internal readonly record struct TimerFdDetails(int Clock, ulong Ticks, uint Flags, TimerSpec Time)
{
    /// <summary>It runs again and again, but its next time is not reckoned before someone asks for it.</summary>
    public bool IsOverdue => Time.Value.IsZero && !Time.Interval.IsZero && Ticks != 0;

    public static TimerFdDetails? Of(Descriptor d)
        => int.TryParse(d.Detail("clockid"), CultureInfo.InvariantCulture, out var clock)
            && ulong.TryParse(d.Detail("ticks"), CultureInfo.InvariantCulture, out var ticks)
            && d.Detail("settime flags") is { } flags && Octal(flags) is { } bits
            && Parse(d.Detail("it_value")) is { } value && Parse(d.Detail("it_interval")) is { } interval
            ? new(clock, ticks, bits, new TimerSpec(interval, value)) : null;

    /// <summary>As "(seconds, nanoseconds)".</summary>
    private static TimeSpec? Parse(string? text)
        => text?.Trim('(', ')').Split(", ") is [var s, var ns]
            && long.TryParse(s, CultureInfo.InvariantCulture, out var seconds) && long.TryParse(ns, CultureInfo.InvariantCulture, out var nanoseconds)
            ? new(seconds, nanoseconds) : null;

    private static uint? Octal(string text)
    {
        var value = 0u;
        foreach (var c in text)
        {
            if (c is < '0' or > '7')
                return null;
            value = value << 3 | (uint)(c - '0');
        }
        return value;
    }
}
