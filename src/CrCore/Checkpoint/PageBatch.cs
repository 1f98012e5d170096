using CrCore.Image;

namespace CrCore.Checkpoint;

/// <summary>Gathers runs of pages of one object until a page block is full, and posts it.</summary>
internal sealed class PageBatch(PagePipeline pipeline)
{
    private const int PageSize = ImageFormat.PageSize;

    private PageJob? _job;
    private PageReader? _reader;
    private uint _objRef;
    private long _posted;

    /// <summary>Pages that were gathered so far.</summary>
    public long Pages { get; private set; }

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
            _job ??= new PageJob(_posted++, _objRef, _reader!);
            var bytes = Math.Min(end - start, (ulong)_job.Room * PageSize);
            _job.Add(start, bytes, target, keepZeros);
            Pages += (long)(bytes / PageSize);
            start += bytes;
            target += bytes;
            if (_job.Room == 0)
                Flush();
        }
    }

    /// <summary>Posts what was gathered.</summary>
    public void Flush()
    {
        if (_job is not { } job)
            return;
        _job = null;
        pipeline.Post(job);
    }
}
