using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CrCore.Kernel;

/// <summary>The matching runs of pages of a range, for <c>foreach</c>; one enumeration at a time.</summary>
public readonly struct RegionEnumerable(PagemapScanner scanner, ulong start, ulong end, PageFilter filter, ulong maxPages)
{
    public Enumerator GetEnumerator() => new(scanner, start, end, filter, maxPages);

    /// <summary>Fetches runs in batches into a pooled buffer.</summary>
    public struct Enumerator : IDisposable
    {
        // 24 bytes a run: 12 KiB, few enough to stay in the first-level cache, many enough to make the calls' cost small.
        private const int BatchSize = 512;

        private readonly PagemapScanner _scanner;
        private readonly ulong _end;
        private readonly PageFilter _filter;
        private readonly ulong _maxPages;
        // Runs as bytes: the pool of those is compiled ahead, one of our own structures is not.
        private byte[] _batch;
        private ulong _next;
        private int _count;
        private int _at;

        internal Enumerator(PagemapScanner scanner, ulong start, ulong end, PageFilter filter, ulong maxPages)
        {
            _scanner = scanner;
            _next = start;
            _end = end;
            _filter = filter;
            _maxPages = maxPages;
            _batch = ArrayPool<byte>.Shared.Rent(BatchSize * Unsafe.SizeOf<PageRegion>());
        }

        public PageRegion Current { get; private set; }

        private readonly Span<PageRegion> Batch => MemoryMarshal.Cast<byte, PageRegion>(_batch.AsSpan());

        public bool MoveNext()
        {
            if (!TryTake(out var run))
                return false;
            // A batch may end in the middle of a run.
            while (_maxPages == 0 && _at == _count && Fill() && Batch[0].Start == run.End && Batch[0].Categories == run.Categories)
            {
                run = run with { End = Batch[0].End };
                _at = 1;
            }
            Current = run;
            return true;
        }

        public void Dispose()
        {
            var batch = _batch;
            _batch = [];
            if (batch.Length > 0)
                ArrayPool<byte>.Shared.Return(batch);
        }

        private bool TryTake(out PageRegion run)
        {
            run = default;
            if (_at == _count && !Fill())
                return false;
            run = Batch[_at++];
            return true;
        }

        private bool Fill()
        {
            _at = 0;
            _count = 0;
            while (_count == 0 && _next < _end)
                _count = _scanner.ScanNext(ref _next, _end, _filter, Batch, _maxPages);
            return _count > 0;
        }
    }
}
