using CrCore.Image;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Memory;

/// <summary>What a puppet has in its memory from its birth on, or for its children. The lists do not change.</summary>
internal sealed record PuppetMemory(IReadOnlyList<InheritedMapping> Mappings, IReadOnlyList<VersionedRange> Pages)
{
    public static PuppetMemory Empty { get; } = new([], []);

    /// <summary>The mapping that covers a range, if one does.</summary>
    public InheritedMapping? Covering(AddressRange range)
    {
        var (low, high) = (0, Mappings.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (Mappings[middle].Range.End <= range.Start)
                low = middle + 1;
            else
                high = middle;
        }
        return low < Mappings.Count && Mappings[low].Range.Contains(range) ? Mappings[low] : null;
    }
}

/// <summary>What of its inheritance a task goes on with.</summary>
/// <param name="Mappings">Saved mappings that stand already, by their first addresses.</param>
/// <param name="Pages">Pages in them that are as they were saved.</param>
/// <param name="Others">Pages in them that the task does not have so: they must go.</param>
internal sealed record KeptMemory(HashSet<ulong> Mappings, IReadOnlyList<VersionedRange> Pages, IReadOnlyList<AddressRange> Others)
{
    public static KeptMemory None { get; } = new([], [], []);
}

/// <summary>The memory that puppets inherit. Kept in the context's states; empty where nothing is shared.</summary>
internal sealed class InheritedMemory
{
    private readonly Dictionary<IRemoteTask, PuppetMemory> _memories = [];
    private readonly Dictionary<RestoringTask, KeptMemory> _kept = [];

    /// <summary>Puppets will have mappings at addresses of saved ones.</summary>
    public bool IsExpected { get; set; }

    public PuppetMemory Of(IRemoteTask puppet) => _memories.GetValueOrDefault(puppet, PuppetMemory.Empty);

    public void Set(IRemoteTask puppet, PuppetMemory memory) => _memories[puppet] = memory;

    /// <summary>What a task keeps, when all of the tree has been created.</summary>
    public KeptMemory KeptBy(RestoreContext context, RestoringTask task)
    {
        if (_memories.Count == 0)
            return KeptMemory.None;
        lock (_kept)
        {
            if (!_kept.TryGetValue(task, out var kept))
                _kept[task] = kept = Find(context, task);
            return kept;
        }
    }

    private KeptMemory Find(RestoreContext context, RestoringTask task)
    {
        var layouts = context.States.Get<MemoryLayouts>();
        var memory = Of(task.Remote);
        if (memory.Pages.Count == 0 || layouts.Of(task.Image) is not { } layout)
            return KeptMemory.None;
        var shared = layouts.SharedPagesOf(context.Image);
        var candidates = new List<AddressRange>();
        foreach (var mapping in layout.Mappings)
            if (InheritedMapping.IsFit(mapping.Vma) && new AddressRange(mapping.Vma.Start, mapping.Vma.End) is var range
                && memory.Covering(range) is { } inherited && inherited.IsLike(mapping))
                candidates.Add(range);
        var (mappings, pages, others) = (new HashSet<ulong>(), new List<VersionedRange>(), new List<VersionedRange>());
        foreach (var (range, version) in VersionedRanges.Within(memory.Pages, candidates))
            for (var at = range.Start; at < range.End;)
            {
                var owner = shared.OwnerAt(layout.Mm.ObjRef, at, out var end);
                end = Math.Min(end, range.End);
                (owner == version ? pages : others).Add(new(new(at, end), version));
                if (owner == version)
                    mappings.Add(layout.Mappings[layout.FirstEndingAfter(at)].Vma.Start);
                at = end;
            }
        others.RemoveAll(o => !mappings.Contains(layout.Mappings[layout.FirstEndingAfter(o.Range.Start)].Vma.Start));
        return new KeptMemory(mappings, pages, others.ConvertAll(o => o.Range));
    }
}
