using System.Runtime.InteropServices;

namespace CrCore.Kernel;

/// <summary>RLIMIT_* of getrlimit(2); also the order of the lines in /proc/PID/limits.</summary>
public enum ResourceKind
{
    /// <summary>Seconds.</summary>
    Cpu = 0,
    FileSize = 1,
    Data = 2,
    Stack = 3,
    Core = 4,
    ResidentSet = 5,
    Processes = 6,
    OpenFiles = 7,
    LockedMemory = 8,
    AddressSpace = 9,
    FileLocks = 10,
    PendingSignals = 11,
    MessageQueue = 12,
    /// <summary>20 minus the lowest nice value allowed.</summary>
    Nice = 13,
    RealTimePriority = 14,
    /// <summary>Microseconds.</summary>
    RealTimeTimeout = 15,
}

/// <summary>A soft and a hard limit: struct rlimit64 of linux/resource.h. Sizes are bytes where the kind says nothing else.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct RLimit64(ulong Soft, ulong Hard)
{
    /// <summary>RLIM64_INFINITY.</summary>
    public const ulong Infinity = ulong.MaxValue;
}
