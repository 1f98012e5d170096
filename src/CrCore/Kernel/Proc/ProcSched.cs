namespace CrCore.Kernel;

/// <summary>
/// /proc/PID/sched, of which the kernel promises no form (proc_sched_show_task in kernel/sched/debug.c): what cannot be
/// found in it is unknown, not an error.
/// </summary>
public readonly record struct ProcSched
{
    private const long NanosecondsPerMillisecond = 1_000_000;

    /// <summary>
    /// When the task was last charged for the processor, in nanoseconds of that processor's own clock of tasks: for one
    /// that sleeps, when it fell asleep. 0 where the kernel does not know: of some that it moved to another processor.
    /// </summary>
    public long LastRun { get; private init; }

    /// <summary>
    /// When the task's share of the load was last told, in nanoseconds of the processor's clock of loads: for one that sleeps, when it
    /// fell asleep, or when it was moved to that processor since. 0 where the kernel does not tell.
    /// </summary>
    public long LastLoad { get; private init; }

    /// <summary>How often the task gave up the processor by itself.</summary>
    public long VoluntarySwitches { get; private init; }

    /// <summary>Finds the figures in the text of the file; false where the switches, or both times, are missing.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out ProcSched sched)
    {
        long lastRun = 0, lastLoad = 0, switches = -1;
        var lines = new TextCursor(text);
        while (lines.NextLine(out var line))
        {
            var c = new TextCursor(line);
            var name = c.Word();
            if (name.SequenceEqual("se.exec_start"u8))
            {
                lastRun = Value(ref c) * NanosecondsPerMillisecond;
                c.Expect((byte)'.');
                lastRun += c.Decimal();
            }
            else if (name.SequenceEqual("se.avg.last_update_time"u8))
                lastLoad = Value(ref c);
            else if (name.SequenceEqual("nr_voluntary_switches"u8))
                switches = Value(ref c);
            if (c.Failed)
            {
                sched = default;
                return false;
            }
        }
        sched = new ProcSched { LastRun = lastRun, LastLoad = lastLoad, VoluntarySwitches = switches };
        return (lastRun > 0 || lastLoad > 0) && switches >= 0;
    }

    private static long Value(ref TextCursor c)
    {
        c.SkipBlanks();
        c.Expect((byte)':');
        return c.Decimal();
    }
}
