using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Threads;

/// <summary>
/// CPU (104): a thread's processor state. The first 272 bytes have the seed's layout, where fs and gs are the segment
/// selectors; behind them revision 4 adds the full bases and the extended state as a u32 length and its bytes.
/// </summary>
public sealed record CpuRecord : ICrRecord
{
    /// <summary>Bytes of the seed's layout.</summary>
    public const int SeedSize = 272;

    /// <summary>Largest extended state accepted, in bytes: twice what a processor with all of AVX-512 and AMX has.</summary>
    public const int MaxXstate = 24_576;

    internal const int MaxPayload = SeedSize + 16 + 4 + MaxXstate;

    private const int DebugRegisters = 8;

    /// <inheritdoc/>
    public short Type => ThreadRecordIds.Cpu;
    /// <inheritdoc/>
    public uint Parent => (uint)VTid;

    /// <summary>The thread, by its number in the tree's pid namespace: the framing's parent.</summary>
    public required int VTid { get; init; }

    /// <summary>
    /// As the freeze found them. In a system call orig_rax is its number, and rax a restart code of include/linux/errno.h
    /// where the call goes on after the restore.
    /// </summary>
    public required Registers Registers { get; init; }

    /// <summary>The xsave area in standard format as NT_X86_XSTATE transfers it; empty where the processor gave none.</summary>
    public required ReadOnlyMemory<byte> Xstate { get; init; }

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        var r = Registers;
        ReadOnlySpan<ulong> seed =
        [
            r.R15, r.R14, r.R13, r.R12, r.Rbp, r.Rbx, r.R11, r.R10, r.R9, r.R8, r.Rax, r.Rcx, r.Rdx, r.Rsi, r.Rdi, r.OrigRax,
            r.Rip, r.Cs, r.Eflags, r.Rsp, r.Ss, r.Ds, r.Es, r.Fs, r.Gs,
        ];
        foreach (var value in seed)
            w.U64(value);
        for (var i = 0; i < DebugRegisters; i++)
            w.U64(0);
        w.U32(0);
        w.U32(Xstate.IsEmpty ? 0u : 1);
        w.U64(r.FsBase);
        w.U64(r.GsBase);
        w.Blob(Xstate.Span);
    }

    internal static CpuRecord Read(uint parent, ref FieldReader r)
    {
        if (parent is < 1 or > ImageLimits.MaxPid)
            throw r.Bad($"the registers belong to thread {parent}");
        var registers = new Registers
        {
            R15 = r.U64(), R14 = r.U64(), R13 = r.U64(), R12 = r.U64(), Rbp = r.U64(), Rbx = r.U64(), R11 = r.U64(), R10 = r.U64(),
            R9 = r.U64(), R8 = r.U64(), Rax = r.U64(), Rcx = r.U64(), Rdx = r.U64(), Rsi = r.U64(), Rdi = r.U64(), OrigRax = r.U64(),
            Rip = r.U64(), Cs = r.U64(), Eflags = r.U64(), Rsp = r.U64(), Ss = r.U64(), Ds = r.U64(), Es = r.U64(), Fs = r.U64(),
            Gs = r.U64(),
        };
        // Hardware breakpoints belong to a debugger, and a debugged task cannot be checkpointed.
        for (var i = 0; i < DebugRegisters; i++)
            if (r.U64() != 0)
                throw r.Bad("a debug register is in use; revision 4 has none");
        if (r.U32() != 0)
            throw r.Bad("the debug registers are in use; revision 4 has none");
        var usedMath = r.U32();
        (registers.FsBase, registers.GsBase) = (r.U64(), r.U64());
        var xstate = r.Blob(MaxXstate);
        return usedMath == (xstate.Length > 0 ? 1u : 0)
            ? new CpuRecord { VTid = (int)parent, Registers = registers, Xstate = xstate }
            : throw r.Bad($"used_math is {usedMath} with {xstate.Length} bytes of extended state");
    }
}
