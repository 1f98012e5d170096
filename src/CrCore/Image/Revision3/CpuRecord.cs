namespace CrCore.Image.Revision3;

/// <summary>CPU (104): a thread's registers, under their names on x86.</summary>
/// <param name="VPid">The task.</param>
public sealed record Revision3Cpu(uint VPid) : Revision3Record(VPid)
{
    /// <inheritdoc/>
    public override short Type => Revision3Ids.Cpu;

    /// <summary>Register r15.</summary>
    public ulong R15 { get; init; }
    /// <summary>Register r14.</summary>
    public ulong R14 { get; init; }
    /// <summary>Register r13.</summary>
    public ulong R13 { get; init; }
    /// <summary>Register r12.</summary>
    public ulong R12 { get; init; }
    /// <summary>Register rbp.</summary>
    public ulong Bp { get; init; }
    /// <summary>Register rbx.</summary>
    public ulong Bx { get; init; }
    /// <summary>Register r11.</summary>
    public ulong R11 { get; init; }
    /// <summary>Register r10.</summary>
    public ulong R10 { get; init; }
    /// <summary>Register r9.</summary>
    public ulong R9 { get; init; }
    /// <summary>Register r8.</summary>
    public ulong R8 { get; init; }
    /// <summary>Register rax.</summary>
    public ulong Ax { get; init; }
    /// <summary>Register rcx.</summary>
    public ulong Cx { get; init; }
    /// <summary>Register rdx.</summary>
    public ulong Dx { get; init; }
    /// <summary>Register rsi.</summary>
    public ulong Si { get; init; }
    /// <summary>Register rdi.</summary>
    public ulong Di { get; init; }
    /// <summary>The system call that the thread was in, or −1: orig_rax.</summary>
    public ulong OrigAx { get; init; }
    /// <summary>Register rip: the next instruction.</summary>
    public ulong Ip { get; init; }
    /// <summary>Register cs.</summary>
    public ulong Cs { get; init; }
    /// <summary>Register rflags.</summary>
    public ulong Flags { get; init; }
    /// <summary>Register rsp.</summary>
    public ulong Sp { get; init; }
    /// <summary>Register ss.</summary>
    public ulong Ss { get; init; }
    /// <summary>Register ds.</summary>
    public ulong Ds { get; init; }
    /// <summary>Register es.</summary>
    public ulong Es { get; init; }
    /// <summary>Register fs: the selector, not the base.</summary>
    public ulong Fs { get; init; }
    /// <summary>Register gs: the selector, not the base.</summary>
    public ulong Gs { get; init; }

    /// <summary>Debug registers 0 to 7.</summary>
    public IReadOnlyList<ulong> DebugRegisters { get; init; } = [];

    /// <summary>The thread has set <see cref="DebugRegisters"/>.</summary>
    public bool UsesDebug { get; init; }

    /// <summary>The thread has used the FPU: <see cref="Xstate"/> is there.</summary>
    public bool UsedMath { get; init; }

    /// <summary>The extended state as FXSAVE or XSAVE wrote it; empty where the thread never used the FPU.</summary>
    public ReadOnlyMemory<byte> Xstate { get; init; }

    internal static Revision3Cpu Read(uint parent, ref FieldReader r)
        => new(parent)
        {
            R15 = r.U64(), R14 = r.U64(), R13 = r.U64(), R12 = r.U64(), Bp = r.U64(), Bx = r.U64(), R11 = r.U64(), R10 = r.U64(),
            R9 = r.U64(), R8 = r.U64(), Ax = r.U64(), Cx = r.U64(), Dx = r.U64(), Si = r.U64(), Di = r.U64(), OrigAx = r.U64(),
            Ip = r.U64(), Cs = r.U64(), Flags = r.U64(), Sp = r.U64(), Ss = r.U64(), Ds = r.U64(), Es = r.U64(), Fs = r.U64(),
            Gs = r.U64(),
            DebugRegisters = [r.U64(), r.U64(), r.U64(), r.U64(), r.U64(), r.U64(), r.U64(), r.U64()],
            UsesDebug = r.U32() != 0,
            UsedMath = r.U32() != 0,
        };
}
