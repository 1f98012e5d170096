using System.Buffers;

namespace CrCore.Image;

/// <summary>
/// Holds one page block at a time: runs of pages and their bytes, in pooled buffers that are used again for the next.
/// Not for several threads at once; have one for each.
/// </summary>
public sealed class PageBlock : IDisposable
{
    private readonly PageRun[] _runs = new PageRun[ImageLimits.MaxBlockPages];
    private byte[] _data = [];
    private int _runCount, _dataLength;

    /// <summary>The mm or shared-memory object whose pages these are.</summary>
    public uint ObjRef { get; private set; }

    /// <summary>The block's offset in the image.</summary>
    public long Offset { get; private set; }

    /// <summary>The offset of its data in the image: a multiple of 4096.</summary>
    public long DataOffset { get; private set; }

    /// <summary>Ascending and without overlap.</summary>
    public ReadOnlySpan<PageRun> Runs => _runs.AsSpan(0, _runCount);

    /// <summary>The pages of all runs, one after the other.</summary>
    public ReadOnlySpan<byte> Data => _data.AsSpan(0, _dataLength);

    /// <summary><see cref="Data"/>, for those who hand it on. Valid until the next block is read into this.</summary>
    public ReadOnlyMemory<byte> DataMemory => _data.AsMemory(0, _dataLength);

    public int PageCount => _dataLength / ImageFormat.PageSize;

    public void Dispose()
    {
        Clear();
        if (_data.Length > 0)
            ArrayPool<byte>.Shared.Return(_data);
        _data = [];
    }

    internal void Clear() => (ObjRef, Offset, DataOffset, _runCount, _dataLength) = (0, 0, 0, 0, 0);

    /// <summary>Makes room for a block whose fields have been checked against their bounds.</summary>
    internal void Start(PageArrayRecord record, long offset, ReadOnlySpan<PageRun> runs)
    {
        runs.CopyTo(_runs);
        _runCount = runs.Length;
        _dataLength = record.PageCount * ImageFormat.PageSize;
        if (_data.Length < _dataLength)
        {
            if (_data.Length > 0)
                ArrayPool<byte>.Shared.Return(_data);
            _data = [];
            _data = ArrayPool<byte>.Shared.Rent(_dataLength);
        }
        (ObjRef, Offset) = (record.ObjRef, offset);
        DataOffset = offset + record.BlockLength - record.StoredBytes;
    }

    internal Span<byte> DataSpan => _data.AsSpan(0, _dataLength);
}
