using CrCore.Image;

namespace CrCore.Restore;

/// <summary>
/// Puts the image's pages into the puppets, block by block as they come, forward only: for an image that comes through
/// a pipe. Everything is mapped.
/// </summary>
/// <param name="progress">Called with bytes done; the total is not known to a reader of a pipe.</param>
internal sealed class PageFiller(RestoreContext context, ImageReader reader, Action<long>? progress = null) : IDisposable
{
    private readonly PageTargetTable _table = new(context);
    private readonly Dictionary<uint, IPageTarget> _targets = [];
    private IPageTarget? _last;

    /// <summary>Reads all that is left of the image and fills every page in.</summary>
    /// <returns>Pages filled.</returns>
    /// <exception cref="CrImageException">The image's bytes break the format, or pages belong to no mapping.</exception>
    /// <exception cref="CrKernelException">A puppet's memory cannot be written.</exception>
    public long FillAll(CancellationToken cancel)
    {
        using var block = new PageBlock();
        long pages = 0, reported = 0;
        while (reader.ReadPages(block, cancel))
        {
            cancel.ThrowIfCancellationRequested();
            if (!_targets.TryGetValue(block.ObjRef, out var target))
                _targets[block.ObjRef] = target = _table.Make(block.ObjRef);
            if (target != _last)
                _last?.Pause();
            _last = target;
            PageTargetTable.Fill(target, block);
            pages += block.PageCount;
            if (progress is null || pages - reported < 8192)
                continue;
            reported = pages;
            progress(pages * ImageFormat.PageSize);
        }
        return pages;
    }

    public void Dispose()
    {
        _last?.Pause();
        _table.Dispose();
    }
}
