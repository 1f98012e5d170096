namespace CrCore.Kernel;

/// <summary>How a POSIX timer tells of its expiry: SIGEV_* of sigevent(3type) without the thread bit.</summary>
public enum TimerNotify
{
    Signal = 0,
    None = 1,
    /// <summary>SIGEV_THREAD, which libraries carry out with a signal of their own; the kernel treats it as a signal.</summary>
    Thread = 2,
}

/// <summary>One timer of /proc/PID/timers.</summary>
/// <param name="Id">The kernel's timer id, as timer_create(2) returned it.</param>
/// <param name="Value">sigev_value.</param>
/// <param name="IsThreadDirected">SIGEV_THREAD_ID: <paramref name="Target"/> is a thread.</param>
/// <param name="Target">The pid or tid that gets the signal, in the pid namespace of /proc; 0 when it is gone.</param>
/// <param name="ClockId">CLOCK_* of clock_gettime(2), or a clock made from a pid.</param>
public readonly record struct PosixTimer(
    int Id, int Signal, ulong Value, TimerNotify Notify, bool IsThreadDirected, int Target, int ClockId);

/// <summary>/proc/PID/timers (proc_pid_timers(5); needs CONFIG_CHECKPOINT_RESTORE): the POSIX timers of a process. Their times are read in the process.</summary>
public static class ProcTimers
{
    /// <summary>Adds the timers of a process; false when it is gone.</summary>
    /// <exception cref="CrKernelException">The file cannot be read or is in an unknown form.</exception>
    public static bool TryRead(ProcReader reader, int pid, ICollection<PosixTimer> timers)
    {
        if (!reader.TryRead(pid, "timers"u8, out var text))
            return false;
        return TryParse(text, timers) ? true : throw KernelError.BadText($"/proc/{pid}/timers", pid);
    }

    /// <summary>Parses the text of a timers file; false where it is not as the manual page says.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, ICollection<PosixTimer> timers)
    {
        var lines = new TextCursor(text);
        while (Line(ref lines, "ID:"u8, out var c))
        {
            var id = c.Int32();
            if (c.Failed || !Line(ref lines, "signal:"u8, out c))
                return false;
            var signal = c.Int32();
            c.Expect((byte)'/');
            var value = c.Hex();
            if (c.Failed || !Line(ref lines, "notify:"u8, out c))
                return false;
            c.SkipBlanks();
            var how = c.Rest;
            var slash = how.IndexOf((byte)'/');
            var point = how.IndexOf((byte)'.');
            if (slash < 0 || point < slash || Notify(how[..slash]) is not { } notify)
                return false;
            var target = new TextCursor(how[(point + 1)..]);
            var pid = target.Int32();
            if (target.Failed || !Line(ref lines, "ClockID:"u8, out c))
                return false;
            var clock = c.Int32();
            if (c.Failed)
                return false;
            timers.Add(new PosixTimer(id, signal, value, notify, how[(slash + 1)..point].SequenceEqual("tid"u8), pid, clock));
        }
        return lines.AtEnd;
    }

    private static bool Line(ref TextCursor lines, ReadOnlySpan<byte> key, out TextCursor value)
    {
        value = default;
        if (!lines.Rest.StartsWith(key) || !lines.NextLine(out var line))
            return false;
        value = new TextCursor(line[key.Length..]);
        return true;
    }

    private static TimerNotify? Notify(ReadOnlySpan<byte> name)
        => name.SequenceEqual("signal"u8) ? TimerNotify.Signal
            : name.SequenceEqual("none"u8) ? TimerNotify.None
            : name.SequenceEqual("thread"u8) ? TimerNotify.Thread
            : null;
}
