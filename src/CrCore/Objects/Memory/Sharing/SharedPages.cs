using CrCore.Image;

namespace CrCore.Objects.Memory;

/// <summary>A range of an address space whose pages are stored under another's reference.</summary>
/// <param name="Range">The addresses, the same in both.</param>
/// <param name="Owner">Who has them stored.</param>
/// <param name="Taker">Whose pages they are, too.</param>
public readonly record struct SharedRange(AddressRange Range, uint Owner, uint Taker) : IAddressed;

/// <summary>Who of an image's tasks has pages in common with whom, checked. Immutable: for several threads at once.</summary>
internal sealed class SharedPages
{
    private readonly Dictionary<uint, SharedRange[]> _byTaker = [];
    private readonly Dictionary<uint, SharedRange[]> _byOwner = [];

    private SharedPages()
    {
    }

    public bool IsEmpty => _byTaker.Count == 0;

    /// <summary>Address spaces that have pages stored under another's reference.</summary>
    public IReadOnlyCollection<uint> Takers => _byTaker.Keys;

    /// <summary>What an address space has from others, ascending and without overlap.</summary>
    public ReadOnlySpan<SharedRange> TakenBy(uint objRef) => _byTaker.GetValueOrDefault(objRef);

    /// <summary>What others have from an address space, ascending by start; those of several takers overlap.</summary>
    public ReadOnlySpan<SharedRange> OwnedBy(uint objRef) => _byOwner.GetValueOrDefault(objRef);

    /// <summary>Pages that were stored once for several tasks, counted for each task but the one that stores them.</summary>
    public long Count { get; private set; }

    /// <summary>Under whose reference the page at an address stands.</summary>
    /// <param name="end">Up to where that is so.</param>
    public uint OwnerAt(uint objRef, ulong address, out ulong end)
    {
        var ranges = TakenBy(objRef);
        var index = AddressRange.FirstEndingAfter<SharedRange>(ranges, address);
        if (index == ranges.Length)
        {
            end = ulong.MaxValue;
            return objRef;
        }
        var range = ranges[index];
        end = range.Range.Start > address ? range.Range.Start : range.Range.End;
        return range.Range.Start > address ? objRef : range.Owner;
    }

    /// <summary>Whether all pages of a range that an address space has are stored under its own reference.</summary>
    public bool IsOwn(uint objRef, AddressRange range)
        => !AddressRange.AnyOverlaps(TakenBy(objRef), range);

    /// <exception cref="CrImageException">CrImageBadObject: the records do not fit together.</exception>
    public static SharedPages Of(ImageModel image, MemoryLayouts layouts)
    {
        var shared = new SharedPages();
        var seen = new Dictionary<uint, MemoryLayout>();
        var byOwner = new Dictionary<uint, List<SharedRange>>();
        foreach (var task in image.Tasks)
        {
            if (layouts.Of(task) is not { } layout)
                continue;
            shared.Take(task, layout, seen, byOwner);
            seen.TryAdd(layout.Mm.ObjRef, layout);
        }
        foreach (var (owner, list) in byOwner)
        {
            list.Sort(static (a, b) => a.Range.Start.CompareTo(b.Range.Start));
            shared._byOwner.Add(owner, [.. list]);
        }
        return shared;
    }

    private void Take(TaskImage task, MemoryLayout layout, Dictionary<uint, MemoryLayout> earlier, Dictionary<uint, List<SharedRange>> byOwner)
    {
        if (layout.Shared.Count == 0)
            return;
        var taken = new List<SharedRange>();
        foreach (var record in layout.Shared)
        {
            if (!earlier.TryGetValue(record.Source, out var source))
                throw Bad(task, $"its shared pages are those of object {record.Source}, which is no address space that stands before it");
            if (!byOwner.TryGetValue(record.Source, out var owned))
                byOwner.Add(record.Source, owned = []);
            foreach (var range in record.Ranges)
            {
                if (!layout.HasPrivatePages(range) || !source.HasPrivatePages(range))
                    throw Bad(task, $"its shared pages {range} lie where it or object {record.Source} has none");
                if (!IsOwn(record.Source, range))
                    throw Bad(task, $"its shared pages {range} are not object {record.Source}'s own");
                var item = new SharedRange(range, record.Source, layout.Mm.ObjRef);
                taken.Add(item);
                owned.Add(item);
                Count += (long)(range.Length / ImageFormat.PageSize);
            }
        }
        taken.Sort(static (a, b) => a.Range.Start.CompareTo(b.Range.Start));
        for (var i = 1; i < taken.Count; i++)
            if (taken[i].Range.Overlaps(taken[i - 1].Range))
                throw Bad(task, $"its shared pages {taken[i].Range} stand twice");
        _byTaker.Add(layout.Mm.ObjRef, [.. taken]);
    }

    private static CrImageException Bad(TaskImage task, string what)
        => new("CrImageBadObject", $"The memory of {task} does not fit together: {what}.", task.Offset, "The image is damaged; take another copy, or checkpoint again.");
}
