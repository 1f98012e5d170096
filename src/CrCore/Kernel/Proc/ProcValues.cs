namespace CrCore.Kernel;

/// <summary>
/// Files of a task that hold one number. Each returns false when the task is gone or the kernel has no such file
/// (the option that brings it is named), and throws <see cref="CrKernelException"/> for every other error.
/// </summary>
public static class ProcValues
{
    /// <summary>-1000 … 1000 (proc_pid_oom_score_adj(5)).</summary>
    public static bool TryReadOomScoreAdjustment(ProcReader reader, TaskDir dir, out int value)
    {
        var found = TryRead(reader, dir, "oom_score_adj"u8, 10, out var number);
        value = (int)number;
        return found;
    }

    /// <summary>The audit user id, 4294967295 for none (CONFIG_AUDIT).</summary>
    public static bool TryReadLoginUid(ProcReader reader, TaskDir dir, out uint value)
    {
        var found = TryRead(reader, dir, "loginuid"u8, 10, out var number);
        value = (uint)number;
        return found;
    }

    /// <summary>Timer slack in nanoseconds (PR_SET_TIMERSLACK); of another's task it needs CAP_SYS_NICE (EPERM else).</summary>
    public static bool TryReadTimerSlack(ProcReader reader, int pid, out ulong nanoseconds)
        => TryRead(reader, pid, "timerslack_ns"u8, 10, out nanoseconds);

    /// <summary>Which mappings a core dump holds (core(5)); bits of MMF_DUMP_*. 0 for a task without an address space.</summary>
    public static bool TryReadCoreDumpFilter(ProcReader reader, TaskDir dir, out uint value)
    {
        var found = TryRead(reader, dir, "coredump_filter"u8, 16, out var number);
        value = (uint)number;
        return found;
    }

    /// <summary>Execution domain and its flags, as personality(2) returns them.</summary>
    public static bool TryReadPersonality(ProcReader reader, TaskDir dir, out uint value)
    {
        var found = TryRead(reader, dir, "personality"u8, 16, out var number);
        value = (uint)number;
        return found;
    }

    /// <summary>The nice value of the task's autogroup, -20 … 19 (sched(7); CONFIG_SCHED_AUTOGROUP).</summary>
    public static bool TryReadAutogroupNice(ProcReader reader, int pid, out int nice)
    {
        nice = 0;
        if (!reader.TryRead(pid, "autogroup"u8, out var text) || text.IsEmpty)
            return false;
        var at = text.IndexOf(" nice "u8);
        var number = new TextCursor(at < 0 ? default : text[(at + 6)..]);
        nice = number.Int32();
        return !number.Failed ? true : throw KernelError.BadText($"/proc/{pid}/autogroup", pid);
    }

    /// <summary>Memory that would be free without the task: pages that no other maps (smaps_rollup), and its page tables.</summary>
    public static bool TryReadPrivateBytes(ProcReader reader, int pid, out long bytes)
    {
        bytes = 0;
        return AddKilobytes(reader, pid, "smaps_rollup"u8, "Private_"u8, ref bytes) && AddKilobytes(reader, pid, "status"u8, "VmPTE:"u8, ref bytes);
    }

    /// <summary>Sums the lines that begin so.</summary>
    private static bool AddKilobytes(ProcReader reader, int pid, ReadOnlySpan<byte> name, ReadOnlySpan<byte> prefix, ref long bytes)
    {
        if (!reader.TryRead(pid, name, out var text))
            return false;
        var lines = new TextCursor(text);
        while (lines.NextLine(out var line))
            if (line.StartsWith(prefix) && line.IndexOf((byte)':') is > 0 and var colon)
                bytes += new TextCursor(line[(colon + 1)..]).Decimal() << 10;
        return true;
    }

    /// <summary>Whether setgroups(2) is allowed in the task's user namespace (user_namespaces(7)).</summary>
    public static bool TryReadSetGroups(ProcReader reader, int pid, out bool allowed)
    {
        allowed = false;
        if (!reader.TryRead(pid, "setgroups"u8, out var text))
            return false;
        allowed = text.StartsWith("allow"u8);
        return allowed || text.StartsWith("deny"u8) ? true : throw KernelError.BadText($"/proc/{pid}/setgroups", pid);
    }

    private static bool TryRead(ProcReader reader, TaskDir dir, ReadOnlySpan<byte> name, int radix, out ulong value)
    {
        value = 0;
        if (!reader.TryRead(dir, name, out var text))
            return false;
        if (text.IsEmpty)
            return true;
        var number = new TextCursor(text);
        value = radix == 16 ? number.Hex() : number.Unsigned();
        return !number.Failed ? true : throw KernelError.BadText($"{dir}/{System.Text.Encoding.UTF8.GetString(name)}", dir.Task);
    }
}
