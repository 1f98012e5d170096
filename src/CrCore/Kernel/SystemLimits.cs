namespace CrCore.Kernel;

/// <summary>Numbers of /proc/sys that a checkpoint or restore depends on, read at each call.</summary>
public static class SystemLimits
{
    /// <summary>One more than the highest pid (kernel/pid_max), of the reader's pid namespace from Linux 6.14 on.</summary>
    public static int PidMax(ProcReader reader) => (int)Read(reader, "sys/kernel/pid_max"u8);

    /// <summary>The pid last given out in the reader's pid namespace (kernel/ns_last_pid; CONFIG_CHECKPOINT_RESTORE).</summary>
    public static int LastPid(ProcReader reader) => (int)Read(reader, "sys/kernel/ns_last_pid"u8);

    /// <summary>The highest capability number that the kernel knows.</summary>
    public static int LastCapability(ProcReader reader) => (int)Read(reader, "sys/kernel/cap_last_cap"u8);

    /// <summary>The bound of RLIMIT_NOFILE (fs/nr_open): no descriptor reaches it.</summary>
    public static int OpenFilesMax(ProcReader reader) => (int)Read(reader, "sys/fs/nr_open"u8);

    /// <summary>The most mappings that an address space may have (vm/max_map_count).</summary>
    public static int MappingsMax(ProcReader reader) => (int)Read(reader, "sys/vm/max_map_count"u8);

    /// <summary>Bytes to which a process without CAP_SYS_RESOURCE may widen a pipe (fs/pipe-max-size).</summary>
    public static int PipeSizeMax(ProcReader reader) => (int)Read(reader, "sys/fs/pipe-max-size"u8);

    /// <summary>Whether everybody may handle faults of the kernel, too (vm/unprivileged_userfaultfd); false where there is no userfaultfd(2).</summary>
    public static bool UserFaultsForAll() => File.Exists("/proc/sys/vm/unprivileged_userfaultfd") && File.ReadAllText("/proc/sys/vm/unprivileged_userfaultfd").StartsWith('1');

    private static long Read(ProcReader reader, ReadOnlySpan<byte> name)
    {
        var number = new TextCursor(reader.ReadSystem(name));
        var value = number.Decimal();
        return !number.Failed ? value : throw KernelError.BadText("/proc/" + System.Text.Encoding.UTF8.GetString(name));
    }
}
