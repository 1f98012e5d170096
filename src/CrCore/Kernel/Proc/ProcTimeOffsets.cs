using System.Globalization;

namespace CrCore.Kernel;

/// <summary>
/// /proc/PID/timens_offsets (time_namespaces(7)): how far the clocks of the time namespace that a task's next children will be
/// in are ahead of the machine's.
/// </summary>
public readonly record struct TimeOffsets(TimeSpec Monotonic, TimeSpec Boottime);

/// <summary>Reads and sets them.</summary>
public static class ProcTimeOffsets
{
    /// <summary>False when the task is gone, or the kernel has no time namespaces (CONFIG_TIME_NS).</summary>
    public static bool TryRead(ProcReader reader, TaskDir dir, out TimeOffsets offsets)
    {
        offsets = default;
        if (!reader.TryRead(dir, "timens_offsets"u8, out var text))
            return false;
        var lines = new TextCursor(text);
        while (lines.NextLine(out var line))
        {
            var words = new TextCursor(line);
            var clock = words.Word();
            words.SkipBlanks();
            var seconds = words.Decimal();
            words.SkipBlanks();
            var time = new TimeSpec(seconds, words.Decimal());
            if (words.Failed)
                throw KernelError.BadText($"{dir}/timens_offsets", dir.Task);
            if (clock.SequenceEqual("monotonic"u8))
                offsets = offsets with { Monotonic = time };
            else if (clock.SequenceEqual("boottime"u8))
                offsets = offsets with { Boottime = time };
        }
        return true;
    }

    /// <summary>Takes CAP_SYS_TIME, and can be done until the first process is in the namespace.</summary>
    public static void Write(int pid, in TimeOffsets offsets) => ProcWriter.SetTimeOffsets(pid, Line("monotonic", offsets.Monotonic) + Line("boottime", offsets.Boottime));

    private static string Line(string clock, in TimeSpec time) => string.Create(CultureInfo.InvariantCulture, $"{clock} {time.Seconds} {time.Nanoseconds}\n");
}
