namespace CrCore.Kernel;

/// <summary>capabilities(7): bits of /proc/PID/status, by number (include/uapi/linux/capability.h).</summary>
public static class Capabilities
{
    public const int DacReadSearch = 2, FileOwner = 3, NetAdmin = 12, MakeNode = 27;

    public const int SysRawIo = 17, SysPtrace = 19, SysAdmin = 21, SysResource = 24, SysTime = 25, AuditControl = 30, WakeAlarm = 35, CheckpointRestore = 40;

    /// <summary>Whether this process has a capability in its effective set.</summary>
    public static bool Has(ProcReader proc, int capability)
        => proc.Own is { } own && (own.EffectiveCapabilities & 1UL << capability) != 0;

    /// <summary>The same, where it counts for the whole system: in the initial user namespace, whose number is fixed (PROC_USER_INIT_INO of include/linux/proc_ns.h).</summary>
    public static bool HasInitial(ProcReader proc, int capability)
    {
        const ulong initial = 0xEFFFFFFD;
        return Has(proc, capability) && ProcNamespaces.TryRead(proc, Environment.ProcessId, NamespaceKind.User, out var own) && own == initial;
    }
}
