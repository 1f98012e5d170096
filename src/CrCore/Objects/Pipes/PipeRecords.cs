using CrCore.Image;

namespace CrCore.Objects.Pipes;

/// <summary>PIPE (330): the pipe behind its ends, or behind a FIFO. What is in it follows in PIPE_DATA records, the oldest first.</summary>
/// <param name="Capacity">In bytes (F_GETPIPE_SZ).</param>
public sealed record PipeRecord(uint ObjRef, uint Capacity) : ISharedObject
{
    public const short Id = 330;
    public const int PayloadSize = 8;

    public short Type => Id;
    public uint Parent => ObjRef;

    public void Write(ref FieldWriter w)
    {
        w.U32(Capacity);
        w.U32(0);
    }

    public static PipeRecord Read(uint parent, ref FieldReader r)
    {
        var record = new PipeRecord(parent, r.U32());
        r.U32();
        return record;
    }
}

/// <summary>PIPE_DATA (331): bytes in a pipe.</summary>
/// <param name="Pipe">The framing's parent.</param>
/// <param name="IsPacket">One packet of a pipe in packet mode (O_DIRECT, pipe(2)), read as one.</param>
public sealed record PipeDataRecord(uint Pipe, bool IsPacket, ReadOnlyMemory<byte> Bytes) : IContentRecord
{
    public const short Id = 331;
    public const int MaxBytes = 256 * 1024;

    public short Type => Id;
    public uint Parent => Pipe;

    public void Write(ref FieldWriter w)
    {
        w.U32(IsPacket ? 1u : 0);
        w.Raw(Bytes.Span);
    }

    ReadOnlyMemory<byte> IContentRecord.Contents => Bytes;

    ICrRecord IContentRecord.WithContents(ReadOnlyMemory<byte> contents) => this with { Bytes = contents };

    public static PipeDataRecord Read(uint parent, ref FieldReader r)
        => new(parent, r.U32() != 0, r.Raw(r.Remaining).ToArray());

    public bool Equals(PipeDataRecord? other)
        => other is not null && Pipe == other.Pipe && IsPacket == other.IsPacket && Bytes.Span.SequenceEqual(other.Bytes.Span);

    public override int GetHashCode() => HashCode.Combine(Pipe, IsPacket, Bytes.Length);
}
