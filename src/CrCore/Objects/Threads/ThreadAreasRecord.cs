using CrCore.Image;

namespace CrCore.Objects.Threads;

/// <summary>THREAD_AREAS (105): places in a thread's memory that the kernel knows of. An address of 0 means none.</summary>
public sealed record ThreadAreasRecord : ICrRecord
{
    internal const int PayloadSize = 40;

    /// <inheritdoc/>
    public short Type => ThreadRecordIds.Areas;
    /// <inheritdoc/>
    public uint Parent => (uint)VTid;

    /// <summary>The thread, by its number in the tree's pid namespace: the framing's parent.</summary>
    public required int VTid { get; init; }

    /// <summary>Head of the list of robust futexes (set_robust_list(2)).</summary>
    public ulong RobustListHead { get; init; }

    /// <summary>Bytes of that head.</summary>
    public ulong RobustListLength { get; init; }

    /// <summary>What is cleared and woken when the thread ends (set_tid_address(2)).</summary>
    public ulong TidAddress { get; init; }

    /// <summary>The thread's struct rseq (linux/rseq.h).</summary>
    public ulong RseqAddress { get; init; }

    /// <summary>Its size in bytes as registered.</summary>
    public uint RseqSize { get; init; }

    /// <summary>What stands before each abort handler.</summary>
    public uint RseqSignature { get; init; }

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U64(RobustListHead);
        w.U64(RobustListLength);
        w.U64(TidAddress);
        w.U64(RseqAddress);
        w.U32(RseqSize);
        w.U32(RseqSignature);
    }

    internal static ThreadAreasRecord Read(uint parent, ref FieldReader r) => new()
    {
        VTid = (int)parent,
        RobustListHead = r.U64(),
        RobustListLength = r.U64(),
        TidAddress = r.U64(),
        RseqAddress = r.U64(),
        RseqSize = r.U32(),
        RseqSignature = r.U32(),
    };
}
