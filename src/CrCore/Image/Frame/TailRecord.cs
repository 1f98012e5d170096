using System.Buffers;
using System.IO.Hashing;

namespace CrCore.Image;

/// <summary>TAIL (5001): the image's last 40 bytes. Who finds it knows that the image is whole.</summary>
/// <param name="IndexOffset">Of the INDEX record's header.</param>
/// <param name="TotalLength">The image's bytes, this record included.</param>
public sealed record TailRecord(long IndexOffset, long TotalLength) : ICrRecord
{
    /// <summary>Bytes of the payload.</summary>
    public const int PayloadSize = 32;

    /// <inheritdoc/>
    public short Type => RecordIds.Tail;
    /// <inheritdoc/>
    public uint Parent => 0;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U64(ImageFormat.TailMagic);
        w.I64(IndexOffset);
        w.I64(TotalLength);
        w.U64(Hash());
    }

    /// <summary>Reads a payload that <see cref="Write"/> wrote.</summary>
    /// <exception cref="CrImageException">CrImageBadField: it breaks the format.</exception>
    public static TailRecord Read(uint parent, ref FieldReader r)
    {
        var magic = r.U64();
        if (magic != ImageFormat.TailMagic)
            throw r.Bad($"the tail's magic number is {magic:x16}");
        var tail = new TailRecord(r.I64(), r.I64());
        return r.U64() == tail.Hash() ? tail : throw r.Bad("the tail's checksum does not match");
    }

    /// <summary>XXH3-64 of the record before this field: its header and 24 bytes of payload.</summary>
    private ulong Hash()
    {
        var bytes = new ArrayBufferWriter<byte>(ImageFormat.TailSize);
        var w = new FieldWriter(bytes);
        w.I16(Type);
        w.I16(PayloadSize);
        w.U32(Parent);
        w.U64(ImageFormat.TailMagic);
        w.I64(IndexOffset);
        w.I64(TotalLength);
        return XxHash3.HashToUInt64(bytes.WrittenSpan);
    }
}
