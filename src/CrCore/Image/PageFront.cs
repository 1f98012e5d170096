using System.Buffers;
using System.Buffers.Binary;

namespace CrCore.Image;

/// <summary>A page block that has its place in the image and is not written yet.</summary>
/// <param name="Entry">Its number in the index.</param>
/// <param name="FrontLength">Bytes before its data.</param>
/// <param name="HugePart">The part of the image that is to get a huge page before the block is written, or −1.</param>
internal readonly record struct AnnouncedBlock(long Offset, int Entry, int FrontLength, long HugePart);

/// <summary>Makes what stands before a page block's data, and its seal, without the writer's own buffers: several threads do so.</summary>
internal static class PageFront
{
    private const int Header = ImageFormat.HeaderSize;

    /// <summary>PGARR, the most runs, and padding.</summary>
    public const int MaxBytes = Header + PageArrayRecord.PayloadSize + ImageLimits.MaxBlockPages * PageRun.Size + ImageFormat.PageSize;

    /// <returns>The bytes used.</returns>
    public static int Write(PageArrayRecord record, ReadOnlySpan<PageRun> runs, Span<byte> front)
    {
        var at = Put(record, front);
        PageRuns.Write(runs, front[at..]);
        at += runs.Length * PageRun.Size;
        front.Slice(at, record.PadBytes).Clear();
        return at + record.PadBytes;
    }

    public static byte[] Encode(SealRecord seal)
    {
        var bytes = new byte[ImageFormat.SealSize];
        Put(seal, bytes);
        return bytes;
    }

    /// <summary>A record whose payload needs one piece.</summary>
    private static int Put(ICrRecord record, Span<byte> to)
    {
        var payload = new ArrayBufferWriter<byte>(64);
        var w = new FieldWriter(payload);
        record.Write(ref w);
        BinaryPrimitives.WriteInt16LittleEndian(to, record.Type);
        BinaryPrimitives.WriteInt16LittleEndian(to[2..], (short)payload.WrittenCount);
        BinaryPrimitives.WriteUInt32LittleEndian(to[4..], record.Parent);
        payload.WrittenSpan.CopyTo(to[Header..]);
        return Header + payload.WrittenCount;
    }
}
