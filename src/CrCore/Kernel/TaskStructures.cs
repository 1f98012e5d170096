using System.Runtime.InteropServices;

namespace CrCore.Kernel;

/// <summary>struct clone_args of linux/sched.h (clone3(2)), 88 bytes: the version with a cgroup. Addresses are the calling process's.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct CloneArgs
{
    /// <summary>CLONE_*, without an exit signal in the low byte.</summary>
    public ulong Flags;
    /// <summary>Where to store a pidfd (CLONE_PIDFD).</summary>
    public ulong PidFd;
    /// <summary>Where the child's memory gets its tid (CLONE_CHILD_SETTID, CLONE_CHILD_CLEARTID).</summary>
    public ulong ChildTid;
    /// <summary>Where the parent's memory gets the child's tid (CLONE_PARENT_SETTID).</summary>
    public ulong ParentTid;
    /// <summary>Signal to the parent when the child ends; 0 with CLONE_PARENT or CLONE_THREAD.</summary>
    public ulong ExitSignal;
    /// <summary>Lowest address of the child's stack, 0 for a copy of the caller's.</summary>
    public ulong Stack;
    public ulong StackSize;
    /// <summary>CLONE_SETTLS: the fs base.</summary>
    public ulong Tls;
    /// <summary>Address of pids wanted, from the innermost pid namespace outwards.</summary>
    public ulong SetTid;
    /// <summary>How many, at most 32 (MAX_PID_NS_LEVEL).</summary>
    public ulong SetTidSize;
    /// <summary>Descriptor of a cgroup (CLONE_INTO_CGROUP).</summary>
    public ulong Cgroup;
}

/// <summary>struct prctl_mm_map of linux/prctl.h (PR_SET_MM_MAP). The kernel wants every address inside the user's part and in order.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PrctlMemoryMap
{
    public ulong StartCode;
    public ulong EndCode;
    public ulong StartData;
    public ulong EndData;
    public ulong StartBrk;
    public ulong Brk;
    public ulong StartStack;
    public ulong ArgStart;
    public ulong ArgEnd;
    public ulong EnvStart;
    public ulong EnvEnd;
    /// <summary>Address of an auxiliary vector in the process, 0 to leave it.</summary>
    public ulong Auxv;
    /// <summary>Its size in bytes.</summary>
    public uint AuxvSize;
    /// <summary>Descriptor of the new exe link, 0xffffffff to leave it.</summary>
    public uint ExeFd;
}

/// <summary>struct ptrace_rseq_configuration of linux/ptrace.h (PTRACE_GET_RSEQ_CONFIGURATION, Linux 5.13).</summary>
[StructLayout(LayoutKind.Sequential)]
public struct RseqConfiguration
{
    /// <summary>The thread's struct rseq, 0 when none is registered.</summary>
    public ulong Address;
    public uint Size;
    public uint Signature;
    public uint Flags;
    private uint _pad;
}

/// <summary>struct rseq_cs of linux/rseq.h: a critical section, 32 bytes aligned to 32.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct RseqCriticalSection
{
    public uint Version;
    public uint Flags;
    public ulong StartIp;
    /// <summary>Length in bytes, from the start.</summary>
    public ulong PostCommitOffset;
    public ulong AbortIp;

    /// <summary>Whether an instruction lies in it, as in_rseq_cs of kernel/rseq.c decides.</summary>
    public readonly bool Contains(ulong ip) => unchecked(ip - StartIp) < PostCommitOffset;
}
