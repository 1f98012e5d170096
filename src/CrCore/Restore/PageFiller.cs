using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Memory;

namespace CrCore.Restore;

/// <summary>
/// Puts the image's pages into the puppets, block by block as they come, forward only. Runs between the stages Memory
/// and Filled: everything is mapped then.
/// </summary>
/// <param name="progress">Called with bytes done; the total is not known to a reader of a pipe.</param>
internal sealed class PageFiller(RestoreContext context, ImageReader reader, Action<long>? progress = null) : IDisposable
{
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
            var target = TargetOf(block.ObjRef);
            if (target != _last)
                _last?.Pause();
            _last = target;
            if (!target.Fill(block.Runs, block.Data))
                throw new CrImageException("CrImageBadPages", $"The pages at byte {block.Offset} of the image lie outside of the mappings of object {block.ObjRef}.",
                    block.Offset, "The image is damaged; take another copy, or checkpoint again.");
            pages += block.PageCount;
            if (progress is null || pages - reported < 8192)
                continue;
            reported = pages;
            progress(pages * ImageFormat.PageSize);
        }
        return pages;
    }

    public void Dispose() => _last?.Pause();

    private IPageTarget TargetOf(uint objRef)
    {
        if (_targets.Count == 0)
            FindTargets();
        return _targets.TryGetValue(objRef, out var target)
            ? target
            : throw new CrImageException("CrImageBadPages", $"The image has pages for object {objRef}, which has none.", -1, "The image is damaged; take another copy, or checkpoint again.");
    }

    private void FindTargets()
    {
        var layouts = context.States.Get<MemoryLayouts>();
        foreach (var task in context.Tasks)
            if (layouts.Of(task.Image) is { } layout)
                _targets[layout.Mm.ObjRef] = new AddressSpaceTarget(task.Pid, layout);
        var places = context.States.Get<PuppetPlaces>();
        var files = context.States.Get<RestoredMemoryFiles>().Files;
        foreach (var (objRef, range) in places.Plan.Shared)
            _targets[objRef] = SharedMemoryKind.IsWriteSealed(context.Image.Object<SharedMemoryRecord>(objRef))
                ? new MemoryFileTarget(files[objRef])
                : new SharedMemoryTarget(context.Root.Pid, places.StagingOf(objRef), range.Length);
    }
}
