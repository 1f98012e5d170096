using System.Runtime.InteropServices;
using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Checkpoint;

/// <summary>Writes the pages of all sources into the image, in large runs, without keeping them in memory.</summary>
internal sealed class PageWriter : IDisposable
{
    private const int PageSize = ImageFormat.PageSize;

    /// <summary>Pages that are looked for at a time, while other threads read what was found before: a walk over a GiB takes 14 ms.</summary>
    private const ulong PagesAtATime = 8192;

    private readonly CaptureContext _context;
    private readonly MemoryCopies _copies;
    private readonly Action<long, long>? _progress;
    private readonly PagePipeline _pipeline;
    private readonly PageBatch _batch;
    private long _reported;

    /// <param name="progress">Called with bytes done and bytes in all, the latter an estimate.</param>
    public PageWriter(CaptureContext context, MemoryCopies copies, ImageWriter writer, Action<long, long>? progress = null)
    {
        (_context, _copies, _progress) = (context, copies, progress);
        _pipeline = new PagePipeline(writer, context.Options.Compression);
        _batch = new PageBatch(_pipeline);
    }

    /// <summary>Writes what only a tree that stands still has as it was. When this returns, the tree may go on.</summary>
    /// <exception cref="CrKernelException">Memory of a task cannot be read, or the image cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The rest was not written.</exception>
    public void WriteStill(CancellationToken cancel)
    {
        foreach (var source in _context.Pages)
            if (!_copies.Covers(source))
                Write(source, cancel);
        _pipeline.Drain();
    }

    /// <summary>Writes what the copies hold.</summary>
    /// <exception cref="CrKernelException">As above.</exception>
    /// <exception cref="OperationCanceledException">As above.</exception>
    public PageFigures WriteCopied(CancellationToken cancel)
    {
        foreach (var source in _context.Pages)
            if (_copies.Covers(source))
                Write(source, cancel);
        var figures = _pipeline.Complete();
        long shared = 0;
        foreach (var source in _context.Pages)
            shared += source.SharedPages;
        return figures with { Shared = shared, Scanned = figures.Scanned + shared };
    }

    public void Dispose() => _pipeline.Dispose();

    private void Write(PageSource source, CancellationToken cancel)
    {
        if (source.File is not null)
            WriteFile(source.ObjRef, source.File, _batch, cancel);
        else
            WriteRanges(source, cancel);
        // A block holds pages of one object.
        _batch.Flush();
    }

    private void WriteRanges(PageSource source, CancellationToken cancel)
    {
        var ranges = source.Ranges;
        if (!AreSorted(ranges))
            ranges.Sort(static (a, b) => a.Target.CompareTo(b.Target));
        for (int first = 0, end; first < ranges.Count; first = end)
        {
            // What is seen in one task, in the order of its addresses, is found by one walk over its page tables.
            for (end = first + 1; end < ranges.Count && ranges[end].Pid == ranges[first].Pid && ranges[end].Start >= ranges[end - 1].End && FilterOf(ranges[end]) == FilterOf(ranges[first]); end++)
            {
            }
            WriteRanges(source.ObjRef, CollectionsMarshal.AsSpan(ranges)[first..end], cancel);
            _batch.Flush();
        }
    }

    /// <summary>As a rule they are, and the code that sorts need not be compiled for that.</summary>
    private static bool AreSorted(List<PageRange> ranges)
    {
        for (var i = 1; i < ranges.Count; i++)
            if (ranges[i].Target < ranges[i - 1].Target)
                return false;
        return true;
    }

    private void WriteRanges(uint objRef, ReadOnlySpan<PageRange> ranges, CancellationToken cancel)
    {
        var pid = _copies.ReadFrom(ranges[0].Pid);
        using var scanner = PagemapScanner.TryOpen(pid) ?? throw Ended(pid);
        PageReader forced = (remote, bytes) => ReadForced(pid, remote, bytes);
        // All pages of a copy are its original's, too (PageRangeModes.Shared).
        PageReader plain = pid != ranges[0].Pid ? forced : (remote, bytes) => ProcessMemory.Read(pid, remote, bytes);
        var next = 0;
        foreach (var region in scanner.Scan(ranges[0].Start, ranges[^1].End, FilterOf(ranges[0]), PagesAtATime))
        {
            cancel.ThrowIfCancellationRequested();
            for (; next < ranges.Length && ranges[next].Start < region.End; next++)
            {
                var range = ranges[next];
                if ((range.Modes & PageRangeModes.Unscanned) != 0)
                    WriteSlices(objRef, range, range.Start, range.End, plain, forced, cancel);
                else if (region.Start < range.End)
                {
                    WriteSlices(objRef, range, Math.Max(region.Start, range.Start), Math.Min(region.End, range.End), plain, forced, cancel);
                    // The next region may have more of this range.
                    if (region.End < range.End)
                        break;
                }
            }
        }
        for (; next < ranges.Length; next++)
            if ((ranges[next].Modes & PageRangeModes.Unscanned) != 0)
                WriteSlices(objRef, ranges[next], ranges[next].Start, ranges[next].End, plain, forced, cancel);
    }

    private static PageFilter FilterOf(in PageRange range) => (range.Modes & PageRangeModes.EveryPage) != 0 ? PageFilter.Populated : PageFilter.PrivateContents;

    private void WriteSlices(uint objRef, in PageRange range, ulong start, ulong end, PageReader plain, PageReader forced, CancellationToken cancel)
    {
        _batch.Switch(objRef, (range.Modes & (PageRangeModes.Unreadable | PageRangeModes.Shared)) != 0 ? forced : plain);
        AddSlices(start, end, range.Target + (start - range.Start), (range.Modes & PageRangeModes.KeepZeros) != 0, _batch, cancel);
    }

    private void WriteFile(uint objRef, OwnDescriptor file, PageBatch batch, CancellationToken cancel)
    {
        batch.Switch(objRef, (ranges, bytes) => ReadFile(file, ranges, bytes));
        long at = 0;
        while (file.SeekData(at) is >= 0 and var data)
        {
            var hole = file.SeekHole(data);
            if (hole <= data)
                break;
            var start = (ulong)data & ~(PageSize - 1UL);
            var end = ((ulong)hole + PageSize - 1) & ~(PageSize - 1UL);
            AddSlices(start, end, start, keepZeros: false, batch, cancel);
            at = (long)end;
        }
    }

    private void AddSlices(ulong start, ulong end, ulong target, bool keepZeros, PageBatch batch, CancellationToken cancel)
    {
        const ulong slice = PageJob.Capacity * PageSize;
        for (var at = start; at < end; at += slice)
        {
            cancel.ThrowIfCancellationRequested();
            batch.Add(at, Math.Min(end, at + slice), target + (at - start), keepZeros);
            Report(batch.Pages * PageSize);
        }
    }

    /// <summary>Opens the memory for each block, which is read when this thread is elsewhere already.</summary>
    private static void ReadForced(int pid, ReadOnlySpan<RemoteRange> ranges, Span<byte> bytes)
    {
        using var memory = ProcessMemoryFile.TryOpen(pid) ?? throw Ended(pid);
        foreach (var r in ranges)
        {
            memory.Read(r.Start, bytes[..(int)r.Length]);
            bytes = bytes[(int)r.Length..];
        }
    }

    private static void ReadFile(OwnDescriptor file, ReadOnlySpan<RemoteRange> ranges, Span<byte> bytes)
    {
        foreach (var r in ranges)
        {
            var part = bytes[..(int)r.Length];
            while (part.Length > 0)
            {
                var n = file.ReadAt(part, (long)(r.Start + r.Length) - part.Length);
                if (n < 0 && Libc.ErrnoOf(n) != Errno.EINTR)
                    throw KernelError.Create("CrSharedMemoryReadFailed", "Reading shared memory failed", Libc.ErrnoOf(n), on: $"offset 0x{r.Start:x}");
                if (n == 0)
                {
                    // The file ends inside its last page.
                    part.Clear();
                    break;
                }
                part = part[(int)Math.Max(0, n)..];
            }
            bytes = bytes[(int)r.Length..];
        }
    }

    // Every 32 MiB: a bar needs no more.
    private void Report(long done)
    {
        if (_progress is null || done - _reported < 32 << 20)
            return;
        _reported = done;
        long total = 0;
        foreach (var task in _context.Tasks)
            total += task.Stat.ResidentPages * PageSize;
        _progress(Math.Min(done, total), total);
    }

    private static CrTargetException Ended(int pid)
        => new("CrTaskEnded", $"Task {pid} ended while it was being captured.", "Something killed it; the others run on.") { Pid = pid };
}
