using CrCore.Image;

namespace CrCore.Objects.Memory;

/// <summary>A saved mapping with the path that followed its record.</summary>
/// <param name="Vma">Its VMA.</param>
/// <param name="Path">For a mapping of a file, else empty.</param>
public readonly record struct SavedMapping(VmaRecord Vma, string Path) : IAddressed
{
    AddressRange IAddressed.Range => new(Vma.Start, Vma.End);

    /// <inheritdoc/>
    public override string ToString() => Path.Length == 0 ? Vma.ToString() : $"{Vma} {Path}";
}

/// <summary>A task's saved address space, checked: mappings ascending and without overlap.</summary>
internal sealed class MemoryLayout
{
    private readonly SavedMapping[] _mappings;

    private MemoryLayout(MmRecord mm, SavedMapping[] mappings, IReadOnlyList<AddressRange> guards, IReadOnlyList<SharedPagesRecord> shared)
        => (Mm, _mappings, Guards, Shared) = (mm, mappings, guards, shared);

    public MmRecord Mm { get; }

    /// <summary>Ascending.</summary>
    public IReadOnlyList<SavedMapping> Mappings => _mappings;

    /// <summary>Guard pages, ascending.</summary>
    public IReadOnlyList<AddressRange> Guards { get; }

    /// <summary>Pages that stand in the image as another task's; <see cref="SharedPages"/> checks and resolves them.</summary>
    public IReadOnlyList<SharedPagesRecord> Shared { get; }

    /// <summary>The layout of a task; null for one that has ended.</summary>
    /// <exception cref="CrImageException">CrImageBadObject: the records do not fit together.</exception>
    public static MemoryLayout? Of(TaskImage task)
    {
        if (task.Task.IsEnded)
            return null;
        MmRecord? mm = null;
        IReadOnlyList<AddressRange> guards = [];
        List<SharedPagesRecord>? shared = null;
        var mappings = new List<SavedMapping>();
        VmaRecord? pathDue = null;
        foreach (var record in task.Records)
        {
            if (pathDue is not null)
            {
                if (record is not FNameRecord name)
                    throw Bad(task, $"the mapping {pathDue} has no path");
                mappings.Add(new SavedMapping(pathDue, name.Path));
                pathDue = null;
                continue;
            }
            switch (record)
            {
                case MmRecord r when mm is not null:
                    throw Bad(task, $"it has two address spaces, {mm.ObjRef} and {r.ObjRef}");
                case MmRecord r:
                    mm = r;
                    break;
                case VmaRecord vma when vma.Kind == VmaType.File:
                    pathDue = vma;
                    break;
                case VmaRecord vma:
                    mappings.Add(new SavedMapping(vma, ""));
                    break;
                case GuardRegionsRecord r:
                    guards = r.Ranges;
                    break;
                case SharedPagesRecord r when mm is null || r.ObjRef != mm.ObjRef:
                    throw Bad(task, $"pages of object {r.ObjRef} are said to be shared, which is not its address space");
                case SharedPagesRecord r:
                    (shared ??= []).Add(r);
                    break;
            }
        }
        if (mm is null || pathDue is not null || mm.MapCount != mappings.Count)
            throw Bad(task, $"its address space has {mappings.Count} mappings, {mm?.MapCount ?? 0} are due");
        for (var i = 1; i < mappings.Count; i++)
            if (mappings[i].Vma.Start < mappings[i - 1].Vma.End)
                throw Bad(task, $"the mapping {mappings[i]} starts before {mappings[i - 1]} ends");
        return new MemoryLayout(mm, [.. mappings], guards, shared ?? []);
    }

    /// <summary>Every address range that some task of the image uses, ascending, joined.</summary>
    /// <exception cref="CrImageException">As for <see cref="Of"/>.</exception>
    public static List<AddressRange> UsedRanges(ImageModel image) => UsedRanges(image.Tasks);

    /// <inheritdoc cref="UsedRanges(ImageModel)"/>
    public static List<AddressRange> UsedRanges(IEnumerable<TaskImage> tasks)
    {
        var used = new List<AddressRange>();
        foreach (var task in tasks)
            if (Of(task) is { } layout)
                foreach (var m in layout.Mappings)
                    used.Add(new AddressRange(m.Vma.Start, m.Vma.End));
        return AddressPlan.Normalize(used);
    }

    /// <summary>
    /// Bytes of addresses that must be free behind the puppets' arena in every task, for what is inherited by all puppets
    /// or on its way.
    /// </summary>
    /// <exception cref="CrImageException">As for <see cref="Of"/>.</exception>
    public static ulong StagingBytes(ImageModel image) => StagingPlan.Make(image, new MemoryLayouts()).Size;

    /// <summary>The mapping at or after an address: an index into <see cref="Mappings"/>, their count where there is none.</summary>
    public int FirstEndingAfter(ulong address) => AddressRange.FirstEndingAfter<SavedMapping>(_mappings, address);

    /// <summary>Whether all of a range is mapped, and private.</summary>
    public bool HasPrivatePages(AddressRange range)
    {
        var at = range.Start;
        for (var i = FirstEndingAfter(at); at < range.End; i++)
        {
            if (i == Mappings.Count || Mappings[i].Vma is not { HasPrivatePages: true } vma || vma.Start > at)
                return false;
            at = vma.End;
        }
        return true;
    }

    private static CrImageException Bad(TaskImage task, string what)
        => new("CrImageBadObject", $"The memory of {task} does not fit together: {what}.", task.Offset, "The image is damaged; take another copy, or checkpoint again.");
}

/// <summary>The layouts of an image's tasks, each made once.</summary>
internal sealed class MemoryLayouts
{
    private readonly Dictionary<TaskImage, MemoryLayout?> _layouts = [];
    private SharedPages? _shared;

    public MemoryLayout? Of(TaskImage task)
    {
        lock (_layouts)
        {
            if (!_layouts.TryGetValue(task, out var layout))
                _layouts[task] = layout = MemoryLayout.Of(task);
            return layout;
        }
    }

    /// <summary>Who has pages in common with whom.</summary>
    /// <exception cref="CrImageException">CrImageBadObject: the records do not fit together.</exception>
    public SharedPages SharedPagesOf(ImageModel image)
    {
        lock (_layouts)
            return _shared ??= SharedPages.Of(image, this);
    }
}
