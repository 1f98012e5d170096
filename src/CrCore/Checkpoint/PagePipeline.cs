using System.Runtime.ExceptionServices;
using CrCore.Image;

namespace CrCore.Checkpoint;

/// <summary>
/// Reads, packs and writes page blocks on several threads. Each takes a block, reads it from the task, drops pages of zeros,
/// compresses it, waits for the block's turn to be given its place in the image, then hashes and writes it. The one who
/// posts blocks works, too, when the others have enough to do. Memory: about 2 MiB for each thread.
/// </summary>
internal sealed class PagePipeline : IDisposable
{
    /// <summary>Blocks that the poster goes ahead before it works, too: its own work is to find the pages.</summary>
    private const int Ahead = 8;

    /// <summary>Blocks that wait behind one: 2 MiB follow it, unless they are zeros or packed.</summary>
    private const int More = 2;

    private readonly ImageWriter _writer;
    private readonly PageCompression _compression;
    private readonly object _lock = new();
    private readonly Queue<PageJob> _jobs = new();
    private readonly Thread[] _threads;
    private readonly PageWorker _own;
    private long _turn, _posted;
    private bool _ended;
    private ExceptionDispatchInfo? _failure;
    private PageFigures _figures;

    public PagePipeline(ImageWriter writer, PageCompression compression)
    {
        (_writer, _compression) = (writer, compression);
        _own = new PageWorker(this);
        // The poster is one of the threads; more than four only wait for the image's file (its inode lock).
        _threads = new Thread[Math.Clamp(Environment.ProcessorCount, 1, 4) - 1];
    }

    /// <summary>What has become of the blocks that are done.</summary>
    public PageFigures Figures
    {
        get
        {
            lock (_lock)
                return _figures;
        }
    }

    /// <summary>Hands a block on; they are numbered from 0.</summary>
    /// <exception cref="CrException">An earlier block could not be read or written.</exception>
    public void Post(PageJob job)
    {
        // Threads cost more than a few small blocks: they start with the second one.
        if (job.Number == 1 && _threads.Length > 0)
            StartThreads();
        bool help;
        lock (_lock)
        {
            _failure?.Throw();
            _jobs.Enqueue(job);
            _posted++;
            Monitor.Pulse(_lock);
            help = _jobs.Count > Ahead;
        }
        if (help)
            _own.DoNext();
    }

    /// <summary>Waits until all blocks that were posted are done: their tasks may go on.</summary>
    /// <exception cref="CrException">A block could not be read or written.</exception>
    public void Drain()
    {
        while (_own.DoNext())
        {
        }
        lock (_lock)
        {
            while (_turn != _posted && _failure is null)
                Monitor.Wait(_lock);
            _failure?.Throw();
        }
    }

    /// <summary>Does what is left and waits for the rest.</summary>
    /// <exception cref="CrException">A block could not be read or written.</exception>
    public PageFigures Complete()
    {
        while (_own.DoNext())
        {
        }
        End();
        lock (_lock)
        {
            _failure?.Throw();
            return _figures;
        }
    }

    public void Dispose()
    {
        lock (_lock)
            _jobs.Clear();
        End();
        _own.Dispose();
    }

    private void StartThreads()
    {
        for (var i = 0; i < _threads.Length; i++)
        {
            _threads[i] = new Thread(Work) { Name = $"CrModule pages {i}", IsBackground = true };
            _threads[i].Start();
        }
    }

    private void End()
    {
        lock (_lock)
        {
            _ended = true;
            Monitor.PulseAll(_lock);
        }
        foreach (var thread in _threads)
            thread?.Join();
    }

    private void Work()
    {
        using var worker = new PageWorker(this);
        while (Await())
            worker.DoNext();
    }

    private bool Await()
    {
        lock (_lock)
        {
            while (_jobs.Count == 0 && !_ended)
                Monitor.Wait(_lock);
            return _jobs.Count > 0;
        }
    }

    /// <summary>One thread's buffers.</summary>
    private sealed class PageWorker(PagePipeline owner) : IDisposable
    {
        private readonly PageRun[] _runs = new PageRun[PageJob.Capacity];
        private readonly byte[] _front = new byte[PageFront.MaxBytes];
        private readonly PagePacker? _packer = owner._compression.Codec == PageCodec.None ? null : new(owner._compression);
        private byte[] _data = [], _packed = [];

        /// <returns>false when there was nothing to do.</returns>
        public bool DoNext()
        {
            PageJob? job;
            bool moreFollows;
            lock (owner._lock)
            {
                if (!owner._jobs.TryDequeue(out job))
                    return false;
                moreFollows = owner._jobs.Count >= More;
            }
            try
            {
                Do(job, moreFollows);
            }
            catch (Exception e)
            {
                lock (owner._lock)
                {
                    owner._failure ??= ExceptionDispatchInfo.Capture(e);
                    owner._jobs.Clear();
                    Monitor.PulseAll(owner._lock);
                }
            }
            return true;
        }

        private void Do(PageJob job, bool moreFollows)
        {
            if (_data.Length == 0)
                _data = PageBuffers.Rent(PageJob.Capacity * ImageFormat.PageSize);
            var (pages, runs) = job.Read(_data, _runs);
            var stored = _data.AsMemory(0, pages * ImageFormat.PageSize);
            var codec = PageCodec.None;
            if (_packer is not null && pages > 0)
            {
                if (_packed.Length == 0)
                    _packed = PageBuffers.Rent(_data.Length);
                if (_packer.Pack(stored.Span, _packed) is > 0 and var length)
                    (stored, codec) = (_packed.AsMemory(0, length), owner._compression.Codec);
            }
            if (!TakeTurn(job, pages, runs, codec, stored, moreFollows, out var block))
                return;
            if (pages > 0 && owner._writer.WritesApart)
                owner._writer.Write(block, _front, stored);
        }

        /// <summary>In the order of the blocks' numbers: the place in the image, or all of the writing where it cannot be done apart.</summary>
        /// <returns>false when another block failed.</returns>
        private bool TakeTurn(PageJob job, int pages, int runs, PageCodec codec, ReadOnlyMemory<byte> stored, bool moreFollows, out AnnouncedBlock block)
        {
            block = default;
            lock (owner._lock)
            {
                while (owner._turn != job.Number && owner._failure is null)
                    Monitor.Wait(owner._lock);
                if (owner._failure is not null)
                    return false;
                if (pages > 0)
                {
                    block = owner._writer.Announce(job.ObjRef, _runs.AsSpan(0, runs), pages, codec, stored.Length, _front, moreFollows);
                    if (!owner._writer.WritesApart)
                        owner._writer.Write(block, _front, stored);
                }
                var f = owner._figures;
                owner._figures = f with
                {
                    Scanned = f.Scanned + job.Pages,
                    Stored = f.Stored + pages,
                    Zero = f.Zero + job.Pages - pages,
                    PlainBytes = f.PlainBytes + (long)pages * ImageFormat.PageSize,
                    StoredBytes = f.StoredBytes + stored.Length,
                };
                owner._turn++;
                Monitor.PulseAll(owner._lock);
                return true;
            }
        }

        public void Dispose()
        {
            _packer?.Dispose();
            PageBuffers.Return(ref _data);
            PageBuffers.Return(ref _packed);
        }
    }
}
