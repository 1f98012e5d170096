namespace CrCore.Image.Revision3;

/// <summary>CPU (104): a thread's registers, under their names on x86.</summary>
public sealed record Revision3Cpu(uint VPid) : Revision3Record(VPid)
{
    public override short Type => Revision3Ids.Cpu;

    public ulong R15 { get; init; }
    public ulong R14 { get; init; }
    public ulong R13 { get; init; }
    public ulong R12 { get; init; }
    public ulong Bp { get; init; }
    public ulong Bx { get; init; }
    public ulong R11 { get; init; }
    public ulong R10 { get; init; }
    public ulong R9 { get; init; }
    public ulong R8 { get; init; }
    public ulong Ax { get; init; }
    public ulong Cx { get; init; }
    public ulong Dx { get; init; }
    public ulong Si { get; init; }
    public ulong Di { get; init; }
    public ulong OrigAx { get; init; }
    public ulong Ip { get; init; }
    public ulong Cs { get; init; }
    public ulong Flags { get; init; }
    public ulong Sp { get; init; }
    public ulong Ss { get; init; }
    public ulong Ds { get; init; }
    public ulong Es { get; init; }
    public ulong Fs { get; init; }
    public ulong Gs { get; init; }

    /// <summary>Debug registers 0 to 7.</summary>
    public IReadOnlyList<ulong> DebugRegisters { get; init; } = [];

    public bool UsesDebug { get; init; }

    /// <summary>The thread has used the FPU: <see cref="Xstate"/> is there.</summary>
    public bool UsedMath { get; init; }

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
