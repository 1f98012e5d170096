namespace CrCore.Image;

/// <summary>
/// Holds one page block at a time: runs of pages and their bytes, in pooled buffers that are used again for the next.
/// Not for several threads at once; have one for each.
/// </summary>
public sealed class PageBlock : IDisposable
{
    private readonly PageRun[] _runs = new PageRun[ImageLimits.MaxBlockPages];
    private readonly PageUnpacker _unpacker = new();
    private byte[] _data = [], _packed = [];
    private int _runCount, _dataLength, _packedLength;
    private PageCodec _codec;

    /// <summary>The mm or shared-memory object whose pages these are.</summary>
    public uint ObjRef { get; private set; }

    /// <summary>The block's offset in the image.</summary>
    public long Offset { get; private set; }

    /// <summary>The offset of its data in the image: a multiple of 4096.</summary>
    public long DataOffset { get; private set; }

    /// <summary>Whether the image has the pages as they are, at <see cref="DataOffset"/>, and not compressed.</summary>
    public bool IsStoredPlain { get; private set; }

    /// <summary>Bytes that the pages take in the image.</summary>
    public int StoredBytes { get; private set; }

    /// <summary>Ascending and without overlap.</summary>
    public ReadOnlySpan<PageRun> Runs => _runs.AsSpan(0, _runCount);

    /// <summary>The pages of all runs, one after the other.</summary>
    /// <exception cref="InvalidOperationException">They are compressed still.</exception>
    public ReadOnlySpan<byte> Data => DataMemory.Span;

    /// <summary><see cref="Data"/>, for those who hand it on. Valid until the next block is read into this.</summary>
    public ReadOnlyMemory<byte> DataMemory => _codec == PageCodec.None ? _data.AsMemory(0, _dataLength) : throw new InvalidOperationException("The pages have to be unpacked first.");

    /// <summary>Pages in all runs together.</summary>
    public int PageCount => _dataLength / ImageFormat.PageSize;

    /// <summary>
    /// Unpacks compressed pages, once the block has been checked against its seal; else does nothing. The readers of blocks
    /// do it, unless they are told to leave it to the caller, who may have more threads for it.
    /// </summary>
    /// <exception cref="CrImageException">CrImageBadField: they are not so many pages.</exception>
    public void Unpack()
    {
        if (_codec == PageCodec.None)
            return;
        if (!_unpacker.TryUnpack(_codec, _packed.AsSpan(0, _packedLength), _data.AsSpan(0, _dataLength)))
            throw ImageError.Field(Offset, $"its pages cannot be unpacked ({_codec})");
        _codec = PageCodec.None;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Clear();
        PageBuffers.Return(ref _data);
        PageBuffers.Return(ref _packed);
        _unpacker.Dispose();
    }

    internal void Clear() => (ObjRef, Offset, DataOffset, _runCount, _dataLength, _packedLength, StoredBytes, _codec, IsStoredPlain) = (0, 0, 0, 0, 0, 0, 0, PageCodec.None, false);

    /// <summary>Makes room for a block whose fields have been checked against their bounds.</summary>
    /// <returns>Where its stored bytes go.</returns>
    internal Span<byte> Start(PageArrayRecord record, long offset, ReadOnlySpan<PageRun> runs)
    {
        runs.CopyTo(_runs);
        _runCount = runs.Length;
        _dataLength = record.PageCount * ImageFormat.PageSize;
        Require(ref _data, _dataLength);
        (ObjRef, Offset) = (record.ObjRef, offset);
        DataOffset = offset + record.BlockLength - record.StoredBytes;
        (_codec, IsStoredPlain, StoredBytes) = (record.Codec, record.Codec == PageCodec.None, (int)record.StoredBytes);
        if (_codec == PageCodec.None)
            return _data.AsSpan(0, _dataLength);
        // Fewer than the plain ones: the record's own rule.
        _packedLength = (int)record.StoredBytes;
        Require(ref _packed, _packedLength);
        return _packed.AsSpan(0, _packedLength);
    }

    private static void Require(ref byte[] buffer, int length)
    {
        if (buffer.Length >= length)
            return;
        PageBuffers.Return(ref buffer);
        buffer = PageBuffers.Rent(length);
    }
}
