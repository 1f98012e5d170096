using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Memory;

namespace CrCore.Restore;

/// <summary>
/// Puts the pages of an image in a file into the puppets, on several threads: each takes a block, reads it, checks it
/// against its seal and puts its pages in place while they are in the processor's caches. Everything is mapped.
/// </summary>
/// <param name="progress">Called on this thread with the bytes done.</param>
internal sealed class ParallelFiller(RestoreContext context, ImageFile file, Action<long>? progress = null)
{
    /// <summary>Beyond this many threads the puppets' own locks are the limit.</summary>
    private const int MostThreads = 4;

    /// <summary>Pages that make up for the start of another thread.</summary>
    private const int PagesForThread = 4_096;

    /// <summary>Pages of one address space that make up for its registration.</summary>
    private const int ManyPages = 2_048;

    private readonly ConcurrentQueue<int> _left = new();
    private readonly Lock _lock = new();
    private int _next;
    private long _pages;
    private ExceptionDispatchInfo? _failure;

    /// <returns>Pages filled.</returns>
    /// <exception cref="CrImageException">The image's bytes break the format, or pages belong to no mapping.</exception>
    /// <exception cref="CrKernelException">A puppet's memory cannot be written.</exception>
    public long FillAll(CancellationToken cancel)
    {
        if (file.Model.Head.Revision < ImageFormat.Revision)
            throw ImageError.TooOld(0);
        // Nothing is read of it, but it belongs to what the image says: its checksum, too, must be right.
        file.ReadTrailer();
        var total = Count(out var many);
        using var table = new PageTargetTable(context);
        foreach (var objRef in many)
            table.ExpectMany(objRef, TransparentHugePages.AreDefault);
        var threads = new Thread[(int)Math.Clamp(total / PagesForThread, 0, Math.Min(MostThreads, Environment.ProcessorCount) - 1)];
        for (var i = 0; i < threads.Length; i++)
        {
            threads[i] = new Thread(() => Guard(table, cancel, isTracer: false)) { Name = "CrModule pages", IsBackground = true };
            threads[i].Start();
        }
        Guard(table, cancel, isTracer: true);
        foreach (var thread in threads)
            thread.Join();
        // What the others left for this thread.
        Guard(table, cancel, isTracer: true);
        _failure?.Throw();
        return _pages;
    }

    private long Count(out List<uint> many)
    {
        var byObject = new Dictionary<uint, long>();
        long total = 0;
        foreach (var block in file.Index.Blocks)
        {
            total += block.PageCount;
            byObject[block.ObjRef] = byObject.GetValueOrDefault(block.ObjRef) + block.PageCount;
        }
        var shared = context.States.Get<MemoryLayouts>().SharedPagesOf(context.Image);
        foreach (var taker in shared.Takers)
            foreach (var taken in shared.TakenBy(taker))
                byObject[taker] = byObject.GetValueOrDefault(taker) + (long)(taken.Range.Length / ImageFormat.PageSize);
        many = [];
        foreach (var (objRef, pages) in byObject)
            if (pages >= ManyPages)
                many.Add(objRef);
        return total;
    }

    private void Guard(PageTargetTable table, CancellationToken cancel, bool isTracer)
    {
        try
        {
            Work(table, cancel, isTracer);
        }
        catch (Exception e)
        {
            lock (_lock)
                _failure ??= ExceptionDispatchInfo.Capture(e);
        }
    }

    private void Work(PageTargetTable table, CancellationToken cancel, bool isTracer)
    {
        using var block = new PageBlock();
        IPageTarget? target = null;
        uint objRef = 0;
        try
        {
            while (_failure is null && TryTake(isTracer, out var i))
            {
                cancel.ThrowIfCancellationRequested();
                file.ReadPages(file.Index.Blocks[i], block);
                if (target is null || objRef != block.ObjRef)
                {
                    target?.Pause();
                    target = table.Make(objRef = block.ObjRef);
                }
                if (!isTracer && target.NeedsTracer(block.Runs))
                {
                    _left.Enqueue(i);
                    continue;
                }
                PageTargetTable.Fill(target, block);
                var pages = Interlocked.Add(ref _pages, block.PageCount);
                if (isTracer && (i & 31) == 31)
                    progress?.Invoke(pages * ImageFormat.PageSize);
            }
        }
        finally
        {
            target?.Pause();
        }
    }

    private bool TryTake(bool isTracer, out int block)
    {
        block = Interlocked.Increment(ref _next) - 1;
        return block < file.Index.Blocks.Count || (isTracer && _left.TryDequeue(out block));
    }
}
