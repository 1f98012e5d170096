using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Checkpoint;

/// <summary>Writes the pages of all sources into the image, in large runs, without keeping them in memory.</summary>
/// <param name="progress">Called with bytes done and bytes in all, the latter an estimate.</param>
internal sealed class PageWriter(CaptureContext context, ImageWriter writer, Action<long, long>? progress = null)
{
    private const int PageSize = ImageFormat.PageSize;

    private long _reported;

    /// <exception cref="CrKernelException">Memory of a task cannot be read, or the image cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The rest was not written.</exception>
    public PageFigures WriteAll(CancellationToken cancel)
    {
        using var pipeline = new PagePipeline(writer, context.Options.Compression);
        var batch = new PageBatch(pipeline);
        foreach (var source in context.Pages)
        {
            if (source.File is not null)
                WriteFile(source.ObjRef, source.File, batch, cancel);
            else
                WriteRanges(source, batch, cancel);
            // A block holds pages of one object.
            batch.Flush();
        }
        return pipeline.Complete();
    }

    private void WriteRanges(PageSource source, PageBatch batch, CancellationToken cancel)
    {
        source.Ranges.Sort(static (a, b) => a.Target.CompareTo(b.Target));
        PagemapScanner? scanner = null;
        var pid = 0;
        PageReader? plain = null, forced = null;
        try
        {
            foreach (var range in source.Ranges)
            {
                cancel.ThrowIfCancellationRequested();
                if (range.Pid != pid)
                {
                    batch.Flush();
                    scanner?.Dispose();
                    pid = range.Pid;
                    scanner = PagemapScanner.TryOpen(pid) ?? throw Ended(pid);
                    plain = (ranges, bytes) => ProcessMemory.Read(range.Pid, ranges, bytes);
                    forced = (ranges, bytes) => ReadForced(range.Pid, ranges, bytes);
                }
                var unreadable = (range.Modes & PageRangeModes.Unreadable) != 0;
                WriteRange(source.ObjRef, range, scanner!, unreadable ? forced! : plain!, batch, cancel);
            }
            batch.Flush();
        }
        finally
        {
            scanner?.Dispose();
        }
    }

    private void WriteRange(uint objRef, in PageRange range, PagemapScanner scanner, PageReader reader, PageBatch batch, CancellationToken cancel)
    {
        var keepZeros = (range.Modes & PageRangeModes.KeepZeros) != 0;
        if ((range.Modes & PageRangeModes.Unscanned) != 0)
        {
            batch.Switch(objRef, reader);
            AddSlices(range.Start, range.End, range.Target, keepZeros, batch, cancel);
            return;
        }
        foreach (var region in scanner.Scan(range.Start, range.End, PageFilter.PrivateContents))
        {
            // Most ranges have no page: the reader is switched, and the block ended, only for one that has.
            batch.Switch(objRef, reader);
            AddSlices(region.Start, region.End, range.Target + (region.Start - range.Start), keepZeros, batch, cancel);
        }
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

    /// <summary>Opens the memory for each block: such pages are few, and the block is read when this thread is elsewhere already.</summary>
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
                    throw KernelError.Create("SharedMemoryReadFailed", "Reading shared memory failed", Libc.ErrnoOf(n), on: $"offset 0x{r.Start:x}");
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
        if (progress is null || done - _reported < 32 << 20)
            return;
        _reported = done;
        long total = 0;
        foreach (var task in context.Tasks)
            total += task.Stat.ResidentPages * PageSize;
        progress(Math.Min(done, total), total);
    }

    private static CrTargetException Ended(int pid)
        => new("CrTaskEnded", $"Task {pid} ended while it was being captured.", "Something killed it; the others run on.") { Pid = pid };
}
