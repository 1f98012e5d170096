using System.Buffers.Binary;
using CrCore.Image;

namespace CrCore.Objects.Aio;

/// <summary>The head of a ring as the kernel shares it with the program (struct aio_ring of fs/aio.c).</summary>
/// <param name="Count">Places for events.</param>
/// <param name="Head">The next event that the program takes.</param>
/// <param name="Tail">Where the kernel puts the next one.</param>
public readonly record struct AioRingHeader(uint Count, uint Head, uint Tail)
{
    /// <summary>struct aio_ring, and one struct io_event behind it.</summary>
    public const int Size = 32, EventSize = 32;

    private const uint Magic = 0xa10a10a1;
    private const int CountAt = 4, HeadAt = 8, TailAt = 12, MagicAt = 16;

    /// <summary>Events that wait to be taken.</summary>
    public uint Pending => (Tail + Count - Head) % Count;

    /// <summary>Whether the numbers make sense in a mapping of so many bytes: a program can write anything there.</summary>
    public bool Fits(ulong length) => Count > 1 && Head < Count && Tail < Count && Size + (ulong)Count * EventSize <= length;

    /// <summary>What stands at the start of a mapping; null without the kernel's magic number.</summary>
    public static AioRingHeader? Parse(ReadOnlySpan<byte> ring)
        => BinaryPrimitives.ReadUInt32LittleEndian(ring[MagicAt..]) == Magic
            ? new(BinaryPrimitives.ReadUInt32LittleEndian(ring[CountAt..]), BinaryPrimitives.ReadUInt32LittleEndian(ring[HeadAt..]), BinaryPrimitives.ReadUInt32LittleEndian(ring[TailAt..])) : null;
}

/// <summary>AIO_RING (350): a context of native asynchronous I/O (io_setup(2)), whose number is the address of its ring.</summary>
/// <param name="VPid">The task: the framing's parent.</param>
/// <param name="Start">First address of the ring's mapping: the context's number (aio_context_t).</param>
/// <param name="Length">Of the ring's mapping, in bytes.</param>
/// <param name="Header">What stood at its beginning.</param>
/// <param name="Events">Those that wait to be taken, the oldest first: struct io_event each.</param>
public sealed record AioRingRecord(uint VPid, ulong Start, ulong Length, AioRingHeader Header, ReadOnlyMemory<byte> Events) : ICrRecord
{
    internal const short Id = 350;

    /// <summary>What the largest ring that aio-max-nr allows by default can hold.</summary>
    public const int MaxEventBytes = 8 << 20;

    /// <inheritdoc/>
    public short Type => Id;
    /// <inheritdoc/>
    public uint Parent => VPid;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U64(Start);
        w.U64(Length);
        w.U32(Header.Count);
        w.U32(Header.Head);
        w.U32(Header.Tail);
        w.U32(0);
        w.Raw(Events.Span);
    }

    internal static AioRingRecord Read(uint parent, ref FieldReader r)
    {
        var (start, length) = (r.U64(), r.U64());
        var header = new AioRingHeader(r.U32(), r.U32(), r.U32());
        r.Pad4();
        var record = new AioRingRecord(parent, start, length, header, r.Raw(r.Remaining).ToArray());
        return header.Fits(length) && record.Events.Length == header.Pending * AioRingHeader.EventSize ? record
            : throw r.Bad($"an AIO ring of {header.Count} places, {header.Head} to {header.Tail}, in {length} bytes has {record.Events.Length} bytes of events");
    }

    /// <inheritdoc/>
    public bool Equals(AioRingRecord? other)
        => other is not null && (VPid, Start, Length, Header) == (other.VPid, other.Start, other.Length, other.Header) && Events.Span.SequenceEqual(other.Events.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(VPid, Start, Length, Header);
}
