using CrCore.Image;

namespace CrCore.Objects.Pipes;

/// <summary>PIPE (330): the pipe behind its ends, or behind a FIFO. What is in it follows in PIPE_DATA records, the oldest first.</summary>
/// <param name="ObjRef">The reference: the framing's parent.</param>
/// <param name="Capacity">In bytes (F_GETPIPE_SZ).</param>
public sealed record PipeRecord(uint ObjRef, uint Capacity) : ISharedObject
{
    internal const short Id = 330;
    internal const int PayloadSize = 8;

    /// <inheritdoc/>
    public short Type => Id;
    /// <inheritdoc/>
    public uint Parent => ObjRef;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32(Capacity);
        w.U32(0);
    }

    internal static PipeRecord Read(uint parent, ref FieldReader r)
    {
        var record = new PipeRecord(parent, r.U32());
        r.U32();
        return record;
    }
}

/// <summary>PIPE_DATA (331): bytes in a pipe.</summary>
/// <param name="Pipe">The framing's parent.</param>
/// <param name="IsPacket">One packet of a pipe in packet mode (O_DIRECT, pipe(2)), read as one.</param>
/// <param name="Bytes">Of one packet, or any part of a stream.</param>
public sealed record PipeDataRecord(uint Pipe, bool IsPacket, ReadOnlyMemory<byte> Bytes) : IContentRecord
{
    internal const short Id = 331;
    internal const int MaxBytes = 256 * 1024;

    /// <inheritdoc/>
    public short Type => Id;
    /// <inheritdoc/>
    public uint Parent => Pipe;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32(IsPacket ? 1u : 0);
        w.Raw(Bytes.Span);
    }

    ReadOnlyMemory<byte> IContentRecord.Contents => Bytes;

    ICrRecord IContentRecord.WithContents(ReadOnlyMemory<byte> contents) => this with { Bytes = contents };

    internal static PipeDataRecord Read(uint parent, ref FieldReader r)
        => new(parent, r.U32() != 0, r.Raw(r.Remaining).ToArray());

    /// <inheritdoc/>
    public bool Equals(PipeDataRecord? other)
        => other is not null && Pipe == other.Pipe && IsPacket == other.IsPacket && Bytes.Span.SequenceEqual(other.Bytes.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Pipe, IsPacket, Bytes.Length);
}
