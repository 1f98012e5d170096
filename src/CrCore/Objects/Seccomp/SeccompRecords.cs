using CrCore.Image;

namespace CrCore.Objects.Seccomp;

/// <summary>SECCOMP_FILTER (161): a filter program of seccomp(2), at the first thread that has it.</summary>
/// <param name="ObjRef">The reference: the framing's parent.</param>
/// <param name="Flags">SECCOMP_FILTER_FLAG_LOG (2) or 0; the kernel tells no others of a filter that stands.</param>
/// <param name="Instructions">struct sock_filter each: u16 code, u8 jt, u8 jf, u32 k.</param>
public sealed record SeccompFilterRecord(uint ObjRef, uint Flags, ReadOnlyMemory<byte> Instructions) : ISharedObject
{
    internal const short Id = 161;
    internal const int InstructionSize = 8;

    /// <summary>BPF_MAXINSNS of include/uapi/linux/bpf_common.h.</summary>
    public const int MaxInstructions = 4096;

    internal const int MaxPayload = 8 + MaxInstructions * InstructionSize;

    /// <inheritdoc/>
    public short Type => Id;
    /// <inheritdoc/>
    public uint Parent => ObjRef;

    /// <summary>Instructions, 8 bytes each.</summary>
    public int Count => Instructions.Length / InstructionSize;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32(Flags);
        w.U32((uint)Count);
        w.Raw(Instructions.Span);
    }

    internal static SeccompFilterRecord Read(uint parent, ref FieldReader r)
    {
        var flags = r.U32();
        return new(parent, flags, r.Raw(r.Count(InstructionSize) * InstructionSize).ToArray());
    }

    /// <inheritdoc/>
    public bool Equals(SeccompFilterRecord? other)
        => other is not null && ObjRef == other.ObjRef && Flags == other.Flags && Instructions.Span.SequenceEqual(other.Instructions.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(ObjRef, Flags, Instructions.Length);
}

/// <summary>SECCOMP (162): the mode of a thread and its filters.</summary>
/// <param name="VTid">The thread: the framing's parent.</param>
/// <param name="Mode">1 strict, 2 filters.</param>
/// <param name="Filters">References of SECCOMP_FILTER records, in the order in which they were installed.</param>
public sealed record SeccompRecord(int VTid, uint Mode, IReadOnlyList<uint> Filters) : IDescribedRecord
{
    internal const short Id = 162;
    internal const uint Strict = 1, Filtered = 2;

    /// <summary>MAX_INSNS_PER_PATH of kernel/seccomp.c lets at most so many stand: each counts four instructions more than it has.</summary>
    public const int MaxFilters = 32_768 / 5;

    internal const int MaxPayload = 8 + MaxFilters * 4;

    /// <inheritdoc/>
    public short Type => Id;
    /// <inheritdoc/>
    public uint Parent => (uint)VTid;

    /// <inheritdoc/>
    public string Description => Mode == Strict ? "strict" : $"{Filters.Count} filters";

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32(Mode);
        w.U32((uint)Filters.Count);
        foreach (var f in Filters)
            w.U32(f);
    }

    internal static SeccompRecord Read(uint parent, ref FieldReader r)
    {
        var mode = r.U32();
        var filters = new uint[r.Count(sizeof(uint))];
        for (var i = 0; i < filters.Length; i++)
            filters[i] = r.U32();
        return new((int)parent, mode, filters);
    }

    /// <inheritdoc/>
    public bool Equals(SeccompRecord? other)
        => other is not null && VTid == other.VTid && Mode == other.Mode && Filters.SequenceEqual(other.Filters);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(VTid, Mode, Filters.Count);
}
