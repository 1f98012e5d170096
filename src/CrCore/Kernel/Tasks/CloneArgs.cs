using System.Runtime.InteropServices;

namespace CrCore.Kernel;

/// <summary>struct clone_args of include/uapi/linux/sched.h, what clone3(2) takes.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct CloneArgs
{
    public ulong Flags, PidFd, ChildTid, ParentTid, ExitSignal, Stack, StackSize, Tls, SetTid, SetTidSize, Cgroup;
}

/// <summary>CLONE_* of include/uapi/linux/sched.h.</summary>
[Flags]
public enum CloneFlags : ulong
{
    None = 0,
    Vm = 0x100,
    Fs = 0x200,
    Files = 0x400,
    SigHand = 0x800,
    /// <summary>The tracer of the creator traces the new task, which stops at its birth.</summary>
    Ptrace = 0x2000,
    /// <summary>The new task is a sibling of its creator.</summary>
    Parent = 0x8000,
    Thread = 0x10000,
    NewNs = 0x20000,
    SysVSem = 0x40000,
    NewCgroup = 0x02000000,
    NewUts = 0x04000000,
    NewIpc = 0x08000000,
    NewUser = 0x10000000,
    NewPid = 0x20000000,
    NewNet = 0x40000000,
}
