using CrCore.Kernel;
using Microsoft.Win32.SafeHandles;

namespace CrCore.Image;

/// <summary>
/// Writes page blocks into an image that is a file, from several threads at once. On a disk, each writes its own. In memory (tmpfs)
/// most of the time goes into making the file's pages, one by one, under a lock of which there is one a file: huge pages take
/// that away where they are cheap (<see cref="HugeParts"/>), and where they are not, whoever finds the lock taken makes his pages
/// past it (<see cref="NewFilePages"/>).
/// </summary>
internal sealed class PageBlockFile : IDisposable
{
    /// <summary>How far the file's end is put ahead of the blocks: pages are put before its end alone, and moving it takes the lock.</summary>
    private const long Ahead = 64 << 20;

    /// <summary>Fronts and seals that may wait to be written.</summary>
    private const int MostEdges = 64;

    private readonly SafeFileHandle _file;
    private readonly HugeParts? _huge;
    private readonly object _lock = new();
    private readonly Queue<(long Offset, ReadOnlyMemory<byte> Bytes)> _edges = new();
    private NewFilePages? _pages;
    private bool _mayPut;
    private long _end;

    public PageBlockFile(SafeFileHandle file)
    {
        _file = file;
        if (FileSystemType.OfOwnDescriptor((int)file.DangerousGetHandle()) != FileSystemType.Tmpfs)
            return;
        _huge = HugeParts.For(file);
        // On one processor nobody else writes meanwhile, and a write is the cheapest way. Where the size of files is limited, the end must not be ahead.
        _mayPut = Environment.ProcessorCount > 1
            && TaskCalls.TryGetLimit(Environment.ProcessId, ResourceKind.FileSize, out var limit) && limit.Soft == RLimit64.Infinity;
    }

    /// <summary>A block is about to be written at [<paramref name="offset"/>, <paramref name="end"/>). Blocks are announced in their order, by one thread at a time.</summary>
    /// <param name="moreFollows">Some MiB follow.</param>
    /// <returns>The part of the file that is to get a huge page first, by whoever writes the block; or −1.</returns>
    public long Announce(long offset, long end, bool moreFollows)
    {
        if (moreFollows && _huge is { IsOver: false })
            return _huge.Reserve(offset, end);
        if (moreFollows && _mayPut && _pages is null)
        {
            _mayPut = false;
            Volatile.Write(ref _pages, NewFilePages.TryOpen(_file));
        }
        if (_pages is not null && end > _end)
            Guarded(() => RandomAccess.SetLength(_file, _end = end + Ahead));
        return -1;
    }

    /// <summary>Writes an announced block. Its bytes may be used for something else afterwards.</summary>
    /// <exception cref="CrKernelException">CrImageWriteFailed.</exception>
    public void Write(in AnnouncedBlock block, ReadOnlyMemory<byte> front, ReadOnlyMemory<byte> data, ReadOnlyMemory<byte> seal)
    {
        if (block.HugePart >= 0)
            _huge!.Make(block.HugePart);
        var (offset, middle) = (block.Offset, block.Offset + front.Length);
        _huge?.Await(offset, middle + data.Length + seal.Length);
        // What is packed ends within a page.
        if (Volatile.Read(ref _pages) is not { } pages || data.Length % ImageFormat.PageSize != 0)
        {
            Guarded(() => RandomAccess.Write(_file, [front, data, seal], offset));
            return;
        }
        if (Monitor.TryEnter(_lock))
            try
            {
                WriteEdges();
                Guarded(() => RandomAccess.Write(_file, [front, data, seal], offset));
                return;
            }
            finally
            {
                Monitor.Exit(_lock);
            }
        var put = pages.Put(middle, data.Span);
        // The lock would have to be waited for; its next holder writes the edges, too.
        lock (_edges)
        {
            _edges.Enqueue((offset, front.ToArray()));
            _edges.Enqueue((middle + data.Length, seal));
            if (put == data.Length && _edges.Count <= MostEdges)
                return;
        }
        lock (_lock)
        {
            if (put < data.Length)
                Guarded(() => RandomAccess.Write(_file, data.Span[put..], middle + put));
            WriteEdges();
        }
    }

    /// <summary>All blocks are written: the file ends at <paramref name="length"/>.</summary>
    /// <exception cref="CrKernelException">CrImageWriteFailed.</exception>
    public void Finish(long length)
    {
        lock (_lock)
            WriteEdges();
        if (_end > 0 || _huge is { Any: true })
            Guarded(() => RandomAccess.SetLength(_file, length));
    }

    public void Dispose() => _pages?.Dispose();

    private void WriteEdges()
    {
        while (true)
        {
            (long Offset, ReadOnlyMemory<byte> Bytes) edge;
            lock (_edges)
                if (!_edges.TryDequeue(out edge))
                    return;
            Guarded(() => RandomAccess.Write(_file, edge.Bytes.Span, edge.Offset));
        }
    }

    private static void Guarded(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (WriteError.Is(e))
        {
            throw WriteError.Of(e, "write the image");
        }
    }
}
