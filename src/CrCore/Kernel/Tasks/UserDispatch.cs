using System.Runtime.InteropServices;

namespace CrCore.Kernel;

/// <summary>
/// struct ptrace_sud_config of linux/ptrace.h: which of a thread's system calls are handed to it as SIGSYS
/// (PR_SET_SYSCALL_USER_DISPATCH of prctl(2)).
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct UserDispatch(ulong Mode, ulong Selector, ulong Offset, ulong Length)
{
    public static readonly int Size = Marshal.SizeOf<UserDispatch>();

    /// <summary>PR_SYS_DISPATCH_OFF is 0.</summary>
    public bool IsOn => Mode != 0;
}
