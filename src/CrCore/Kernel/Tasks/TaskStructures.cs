using System.Runtime.InteropServices;

namespace CrCore.Kernel;

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
