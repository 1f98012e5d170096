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
    /// that sleeps, when it fell asleep.
    /// </summary>
    public long LastRun { get; private init; }

    /// <summary>How often the task gave up the processor by itself.</summary>
    public long VoluntarySwitches { get; private init; }

    /// <summary>Finds both figures in the text of the file; false where one is missing.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out ProcSched sched)
    {
        long lastRun = -1, switches = -1;
        var lines = new TextCursor(text);
        while (lines.NextLine(out var line))
        {
            var c = new TextCursor(line);
            var name = c.Word();
            var isRun = name.SequenceEqual("se.exec_start"u8);
            if (!isRun && !name.SequenceEqual("nr_voluntary_switches"u8))
                continue;
            c.SkipBlanks();
            c.Expect((byte)':');
            var value = c.Decimal();
            if (isRun)
            {
                c.Expect((byte)'.');
                value = value * NanosecondsPerMillisecond + c.Decimal();
            }
            if (c.Failed)
                break;
            (lastRun, switches) = isRun ? (value, switches) : (lastRun, value);
        }
        sched = new ProcSched { LastRun = lastRun, VoluntarySwitches = switches };
        return lastRun >= 0 && switches >= 0;
    }
}
