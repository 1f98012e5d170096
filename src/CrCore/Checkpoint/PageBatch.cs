using System.Buffers;
using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Checkpoint;

/// <summary>Fills a span from several ranges, one after the other.</summary>
internal delegate void PageReader(ReadOnlySpan<RemoteRange> ranges, Span<byte> destination);

/// <summary>
/// Gathers runs of pages of one object until a page block is full, reads them in one go, drops pages of zeros and
/// writes the block. One pooled buffer of 1 MiB, whatever the memory's size.
/// </summary>
internal sealed class PageBatch(ImageWriter writer) : IDisposable
{
    /// <summary>Pages of a block: 1 MiB, where process_vm_readv reaches its full speed.</summary>
    public const int Capacity = 256;

    private const int PageSize = ImageFormat.PageSize;

    private readonly RemoteRange[] _ranges = new RemoteRange[Capacity];
    private readonly (ulong Target, bool KeepZeros)[] _targets = new (ulong, bool)[Capacity];
    private readonly PageRun[] _runs = new PageRun[Capacity];
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(Capacity * PageSize);
    private PageReader? _reader;
    private uint _objRef;
    private int _count, _pages;

    public PageFigures Counts { get; private set; }

    /// <summary>From here on pages are of this object and read in this way.</summary>
    public void Switch(uint objRef, PageReader reader)
    {
        if (objRef == _objRef && reader == _reader)
            return;
        Flush();
        (_objRef, _reader) = (objRef, reader);
    }

    /// <summary>Adds pages; targets ascend from call to call within an object.</summary>
    public void Add(ulong start, ulong end, ulong target, bool keepZeros)
    {
        while (start < end)
        {
            if (_pages == Capacity)
                Flush();
            var bytes = Math.Min(end - start, (ulong)(Capacity - _pages) * PageSize);
            _ranges[_count] = new RemoteRange(start, bytes);
            _targets[_count] = (target, keepZeros);
            _count++;
            _pages += (int)(bytes / PageSize);
            start += bytes;
            target += bytes;
        }
    }

    /// <summary>Reads and writes what was gathered.</summary>
    public void Flush()
    {
        if (_pages == 0)
            return;
        var data = _buffer.AsSpan(0, _pages * PageSize);
        _reader!(_ranges.AsSpan(0, _count), data);
        var runs = 0;
        var stored = 0;
        var from = 0;
        for (var i = 0; i < _count; i++)
        {
            var (target, keepZeros) = _targets[i];
            var pages = (int)(_ranges[i].Length / PageSize);
            for (var p = 0; p < pages; p++, from += PageSize, target += PageSize)
            {
                var page = data.Slice(from, PageSize);
                if (!keepZeros && page.IndexOfAnyExcept((byte)0) < 0)
                    continue;
                // Pages move up only behind the first one that was left out.
                var to = stored * PageSize;
                if (to != from)
                    page.CopyTo(data[to..]);
                stored++;
                if (runs > 0 && _runs[runs - 1].End == target)
                    _runs[runs - 1] = _runs[runs - 1] with { Pages = _runs[runs - 1].Pages + 1 };
                else
                    _runs[runs++] = new PageRun(target, 1);
            }
        }
        if (stored > 0)
            writer.WritePages(_objRef, _runs.AsSpan(0, runs), data[..(stored * PageSize)]);
        Counts = Counts with
        {
            Scanned = Counts.Scanned + _pages,
            Stored = Counts.Stored + stored,
            Zero = Counts.Zero + _pages - stored,
            PlainBytes = Counts.PlainBytes + stored * PageSize,
            StoredBytes = Counts.StoredBytes + stored * PageSize,
        };
        _count = _pages = 0;
    }

    public void Dispose()
    {
        var buffer = _buffer;
        _buffer = [];
        if (buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(buffer);
    }
}
