using System.Runtime.InteropServices;

namespace CrCore.Kernel;

/// <summary>struct user_regs_struct of x86-64 (arch/x86/include/asm/user_64.h), what NT_PRSTATUS transfers.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct Registers
{
    public ulong R15, R14, R13, R12, Rbp, Rbx, R11, R10, R9, R8, Rax, Rcx, Rdx, Rsi, Rdi, OrigRax,
        Rip, Cs, Eflags, Rsp, Ss, FsBase, GsBase, Ds, Es, Fs, Gs;

    /// <summary>Whether the task was stopped inside a system call (orig_rax names it).</summary>
    public readonly bool InSyscall => (long)OrigRax >= 0;

    /// <summary>The user mode code segment: 0x33 for 64-bit code, 0x23 for 32-bit (arch/x86/include/asm/segment.h).</summary>
    public readonly bool Is64Bit => Cs == 0x33;
}
