using System.Buffers;
using System.Buffers.Binary;

namespace CrCore.Image;

/// <summary>A record's header (cr_hdr) and where it stands.</summary>
internal readonly record struct RecordHeader(long Offset, short Type, short Length, uint Parent);

/// <summary>Takes records apart into headers and payloads; knows nothing of what is in them.</summary>
internal sealed class FrameReader(ByteSource source) : IDisposable
{
    private byte[] _payload = ArrayPool<byte>.Shared.Rent(ImageFormat.MaxPiece + 1);

    public ByteSource Source => source;

    /// <summary>Reads a header, which is not covered until <see cref="Cover"/>: a seal does not cover itself.</summary>
    public RecordHeader ReadHeader()
    {
        var offset = source.Offset;
        Span<byte> bytes = stackalloc byte[ImageFormat.HeaderSize];
        source.Read(bytes, "a record's header");
        var length = BinaryPrimitives.ReadInt16LittleEndian(bytes[2..]);
        if (length < 0)
            throw ImageError.Header(offset, $"the length is {length}");
        return new RecordHeader(offset, BinaryPrimitives.ReadInt16LittleEndian(bytes), length, BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]));
    }

    public void Cover(in RecordHeader h)
    {
        Span<byte> bytes = stackalloc byte[ImageFormat.HeaderSize];
        BinaryPrimitives.WriteInt16LittleEndian(bytes, h.Type);
        BinaryPrimitives.WriteInt16LittleEndian(bytes[2..], h.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[4..], h.Parent);
        source.Cover(bytes);
    }

    /// <summary>
    /// The payload behind one header, not covered; valid until the next call.
    /// </summary>
    public ReadOnlySpan<byte> ReadSingle(in RecordHeader h)
    {
        source.Read(_payload.AsSpan(0, h.Length), "a record");
        return _payload.AsSpan(0, h.Length);
    }

    /// <summary>
    /// The payload with its continuations, covered; valid until the next call. A full piece is always followed by
    /// another, so the end is known without looking ahead.
    /// </summary>
    public ReadOnlySpan<byte> ReadCovered(in RecordHeader h, int maxPayload)
    {
        var total = 0;
        for (var piece = h; ;)
        {
            if (piece.Length > maxPayload - total)
                throw ImageError.TooLarge(h.Offset, $"more than {maxPayload} bytes");
            Grow(total, piece.Length);
            source.ReadCovered(_payload.AsSpan(total, piece.Length), "a record");
            total += piece.Length;
            if (piece.Length < ImageFormat.MaxPiece)
                return _payload.AsSpan(0, total);
            piece = ReadHeader();
            if (piece.Type != RecordIds.Continuation || piece.Parent != h.Parent)
                throw ImageError.Order(piece.Offset, $"the record at byte {h.Offset} must go on here");
            Cover(piece);
        }
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_payload);
        _payload = [];
        source.Dispose();
    }

    // Doubles, so that memory stays within a constant factor of what has really been read.
    private void Grow(int used, int more)
    {
        if (used + more <= _payload.Length)
            return;
        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(Math.Max(2L * _payload.Length, used + (long)more), Array.MaxLength));
        _payload.AsSpan(0, used).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_payload);
        _payload = larger;
    }
}
