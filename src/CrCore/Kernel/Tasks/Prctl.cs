using System.Runtime.InteropServices;

namespace CrCore.Kernel;

/// <summary>Options of prctl(2) (linux/prctl.h), those used here and those used inside other processes.</summary>
public enum PrctlOption
{
    SetParentDeathSignal = 1,
    GetParentDeathSignal = 2,
    GetDumpable = 3,
    SetDumpable = 4,
    GetKeepCapabilities = 7,
    SetKeepCapabilities = 8,
    SetName = 15,
    GetName = 16,
    GetSeccomp = 21,
    SetSeccomp = 22,
    ReadBoundingCapability = 23,
    DropBoundingCapability = 24,
    GetTsc = 25,
    SetTsc = 26,
    GetSecureBits = 27,
    SetSecureBits = 28,
    SetTimerSlack = 29,
    GetTimerSlack = 30,
    SetMemoryMap = 35,
    SetChildSubreaper = 36,
    GetChildSubreaper = 37,
    SetNoNewPrivileges = 38,
    GetNoNewPrivileges = 39,
    /// <summary>CONFIG_CHECKPOINT_RESTORE: the clear_child_tid address.</summary>
    GetTidAddress = 40,
    SetThpDisable = 41,
    GetThpDisable = 42,
    AmbientCapability = 47,
    SetIoFlusher = 57,
    GetIoFlusher = 58,
    SetMemoryDenyWriteExecute = 65,
    GetMemoryDenyWriteExecute = 66,
    SetMemoryMerge = 67,
    GetMemoryMerge = 68,
    /// <summary>Linux 6.16: timer_create takes the id from its third argument (PR_TIMER_CREATE_RESTORE_IDS).</summary>
    TimerCreateRestoreIds = 77,
    SetVirtualMemoryAreaName = 0x53564d41,
}

/// <summary>prctl(2) on the calling process. Errors are <see cref="CrKernelException"/> with id <c>CrPrctlFailed</c>.</summary>
public static partial class Prctl
{
    /// <summary>Whether orphans among the caller's descendants become its children.</summary>
    public static unsafe bool IsChildSubreaper
    {
        get
        {
            int value;
            Check(Call((int)PrctlOption.GetChildSubreaper, (nint)(&value), 0, 0, 0), PrctlOption.GetChildSubreaper);
            return value != 0;
        }
        set => Check(Call((int)PrctlOption.SetChildSubreaper, value ? 1 : 0, 0, 0, 0), PrctlOption.SetChildSubreaper);
    }

    /// <summary>0, 1 or 2 (PR_GET_DUMPABLE): other than 1 keeps tracers of the same user out.</summary>
    public static int Dumpable => Check(Call((int)PrctlOption.GetDumpable, 0, 0, 0, 0), PrctlOption.GetDumpable);

    /// <summary>Whether a capability is in the calling thread's bounding set; null for a number that the kernel does not know.</summary>
    public static bool? HasBoundingCapability(int capability)
    {
        var result = Call((int)PrctlOption.ReadBoundingCapability, capability, 0, 0, 0);
        if (result < 0 && KernelError.Last == Errno.EINVAL)
            return null;
        return Check(result, PrctlOption.ReadBoundingCapability) != 0;
    }

    /// <summary>Whether the kernel tells where a thread's clear_child_tid is: it was built with CONFIG_CHECKPOINT_RESTORE.</summary>
    public static unsafe bool TellsTidAddress
    {
        get
        {
            nint address;
            return Call((int)PrctlOption.GetTidAddress, (nint)(&address), 0, 0, 0) == 0;
        }
    }

    /// <summary>Whether POSIX timers can be given their ids (PR_TIMER_CREATE_RESTORE_IDS_GET is 2).</summary>
    public static bool KnowsTimerRestoreIds => Call((int)PrctlOption.TimerCreateRestoreIds, 2, 0, 0, 0) >= 0;

    private static int Check(int result, PrctlOption option)
        => result >= 0 ? result : throw KernelError.FromLast("CrPrctlFailed", $"prctl {option} failed", Environment.ProcessId);

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    private static partial int Call(int option, nint a, nint b, nint c, nint d);
}
