using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Memory;

namespace CrCore.Restore;

/// <summary>
/// Where the pages of each object go. Everything is mapped. To be disposed of on the tracer's thread, when all is filled.
/// </summary>
internal sealed class PageTargetTable : IDisposable
{
    private readonly RestoreContext _context;
    private readonly Dictionary<uint, RestoringTask> _tasks = [];
    private readonly Dictionary<uint, PageArrivals> _arrivals = [];
    private readonly PuppetPlaces _places;
    private readonly SharedPages _shared;
    private readonly InheritedMemory _inherited;

    public PageTargetTable(RestoreContext context)
    {
        _context = context;
        _places = context.States.Get<PuppetPlaces>();
        var layouts = context.States.Get<MemoryLayouts>();
        _shared = layouts.SharedPagesOf(context.Image);
        _inherited = context.States.Get<InheritedMemory>();
        foreach (var task in context.Tasks)
            if (layouts.Of(task.Image) is { } layout)
                _tasks[layout.Mm.ObjRef] = task;
    }

    /// <summary>Gets an address space ready to take many pages.</summary>
    public void ExpectMany(uint objRef, bool hugeByDefault)
    {
        if (_tasks.TryGetValue(objRef, out var task) && PageArrivals.Open(task, LayoutOf(task), hugeByDefault) is { } arrivals)
            _arrivals.Add(objRef, arrivals);
    }

    /// <summary>A new target, for one thread.</summary>
    public IPageTarget Make(uint objRef)
    {
        if (_tasks.TryGetValue(objRef, out var task))
            return MakeShared(objRef, MakeOwn(objRef, task));
        if (!_places.Plan.Shared.TryGetValue(objRef, out var range))
            throw new CrImageException("CrImageBadPages", $"The image has pages for object {objRef}, which has none.", -1, "The image is damaged; take another copy, or checkpoint again.");
        if (_context.States.Get<RestoredSegments>().Left.Contains(objRef))
            return new DiscardingTarget(range.Length);
        return _context.Image.Object<SharedMemoryRecord>(objRef) is { IsHuge: false } memory && SharedMemoryKind.IsWriteSealed(memory)
            ? new MemoryFileTarget(_context.States.Get<RestoredMemoryFiles>().Files[objRef])
            : new SharedMemoryTarget(_context.Root.Pid, _places.StagingOf(objRef), range.Length);
    }

    private AddressSpaceTarget MakeOwn(uint objRef, RestoringTask task) => new(task.Pid, LayoutOf(task), _arrivals.GetValueOrDefault(objRef));

    /// <summary>Other address spaces take some of the object's pages, too; and who has inherited some has no need of them.</summary>
    private IPageTarget MakeShared(uint objRef, AddressSpaceTarget own)
    {
        var takers = new Dictionary<uint, List<VersionedRange>>();
        foreach (var (range, _, taker) in _shared.OwnedBy(objRef))
        {
            if (!takers.TryGetValue(taker, out var ranges))
                takers.Add(taker, ranges = []);
            ranges.Add(new(range, objRef));
        }
        if (takers.Count == 0 && _shared.TakenBy(objRef).IsEmpty)
            return own;
        var parts = new List<(IPageTarget, AddressRange[]?)> { (own, null) };
        if (KeptBy(objRef) is { Count: > 0 } inherited)
            parts[0] = (own, Ranges(VersionedRanges.Missing([new(new(0, StoredPieces.End), objRef)], inherited)));
        foreach (var (taker, ranges) in takers)
            if (VersionedRanges.Missing(ranges, KeptBy(taker)) is { Count: > 0 } left)
                parts.Add((MakeOwn(taker, _tasks[taker]), Ranges(left)));
        return new SharingTarget([.. parts], run => _shared.IsOwn(objRef, new AddressRange(run.VAddr, run.End)));
    }

    private IReadOnlyList<VersionedRange> KeptBy(uint objRef) => _inherited.KeptBy(_context, _tasks[objRef]).Pages;

    private static AddressRange[] Ranges(List<VersionedRange> list) => [.. list.ConvertAll(v => v.Range)];

    /// <summary>Fills a block in.</summary>
    /// <exception cref="CrImageException">The pages belong to no mapping.</exception>
    public static void Fill(IPageTarget target, PageBlock block)
    {
        if (!target.Fill(block.Runs, block.Data))
            throw new CrImageException("CrImageBadPages", $"The pages at byte {block.Offset} of the image lie outside of the mappings of object {block.ObjRef}.",
                block.Offset, "The image is damaged; take another copy, or checkpoint again.");
    }

    public void Dispose()
    {
        foreach (var arrivals in _arrivals.Values)
            arrivals.Dispose();
        _arrivals.Clear();
    }

    private MemoryLayout LayoutOf(RestoringTask task) => _context.States.Get<MemoryLayouts>().Of(task.Image)!;
}
