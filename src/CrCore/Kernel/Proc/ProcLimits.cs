namespace CrCore.Kernel;

/// <summary>
/// /proc/PID/limits (proc_pid_limits(5)): what prlimit(2) would tell, without CAP_SYS_RESOURCE for another user's process.
/// </summary>
public static class ProcLimits
{
    /// <summary>RLIM_NLIMITS: limits that there are.</summary>
    public const int Count = 16;

    // "%-25s %-20s %-20s %-10s": the name's column, then the values (proc_pid_limits in fs/proc/base.c).
    private const int NameWidth = 26;

    /// <summary>Reads the limits by <see cref="ResourceKind"/>; false when the process is gone.</summary>
    /// <param name="limits">At least <see cref="Count"/> entries.</param>
    /// <exception cref="CrKernelException">The file cannot be read or is in an unknown form.</exception>
    public static bool TryRead(ProcReader reader, TaskDir dir, Span<RLimit64> limits)
    {
        if (!reader.TryRead(dir, "limits"u8, out var text))
            return false;
        return TryParse(text, limits) ? true : throw KernelError.BadText($"{dir}/limits", dir.Task);
    }

    /// <summary>Parses the text of a limits file; false where it is not as the manual page says.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, Span<RLimit64> limits)
    {
        var lines = new TextCursor(text);
        if (!lines.NextLine(out var line) || !line.StartsWith("Limit "u8))
            return false;
        for (var i = 0; i < Count; i++)
        {
            if (!lines.NextLine(out line) || line.Length < NameWidth || !line.StartsWith(Name((ResourceKind)i)))
                return false;
            var values = new TextCursor(line[NameWidth..]);
            limits[i] = new RLimit64(Value(ref values), Value(ref values));
            if (values.Failed)
                return false;
        }
        return true;
    }

    private static ulong Value(ref TextCursor values)
    {
        values.SkipBlanks();
        if (!values.Rest.StartsWith("unlimited"u8))
            return values.Unsigned();
        values.Word();
        return RLimit64.Infinity;
    }

    private static ReadOnlySpan<byte> Name(ResourceKind kind) => kind switch
    {
        ResourceKind.Cpu => "Max cpu time"u8,
        ResourceKind.FileSize => "Max file size"u8,
        ResourceKind.Data => "Max data size"u8,
        ResourceKind.Stack => "Max stack size"u8,
        ResourceKind.Core => "Max core file size"u8,
        ResourceKind.ResidentSet => "Max resident set"u8,
        ResourceKind.Processes => "Max processes"u8,
        ResourceKind.OpenFiles => "Max open files"u8,
        ResourceKind.LockedMemory => "Max locked memory"u8,
        ResourceKind.AddressSpace => "Max address space"u8,
        ResourceKind.FileLocks => "Max file locks"u8,
        ResourceKind.PendingSignals => "Max pending signals"u8,
        ResourceKind.MessageQueue => "Max msgqueue size"u8,
        ResourceKind.Nice => "Max nice priority"u8,
        ResourceKind.RealTimePriority => "Max realtime priority"u8,
        _ => "Max realtime timeout"u8,
    };
}
