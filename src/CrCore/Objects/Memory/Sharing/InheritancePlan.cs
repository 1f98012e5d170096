using System.Runtime.InteropServices;
using CrCore.Image;

namespace CrCore.Objects.Memory;

/// <summary>
/// Which pages each task of an image has to have at its birth so that they are one page for all that had them: the nearest
/// common ancestor of those tasks holds them when it makes its children. Pure arithmetic on an image.
/// </summary>
internal sealed class InheritancePlan
{
    private static readonly List<VersionedRange> NoPages = [];
    private static readonly List<InheritedMapping> NoMappings = [];

    private readonly Dictionary<TaskImage, List<VersionedRange>> _needs = [];
    private readonly Dictionary<TaskImage, List<InheritedMapping>> _forChildren = [];

    private readonly int[] _depths;
    private readonly int _mostLevels;

    private InheritancePlan(int[] depths, int mostLevels) => (_depths, _mostLevels) = (depths, mostLevels);

    /// <summary>What a task is to find in its memory when it begins, for itself and its own descendants.</summary>
    public IReadOnlyList<VersionedRange> NeedOf(TaskImage task) => _needs.GetValueOrDefault(task, NoPages);

    /// <summary>The mappings that a task must have before its children are made.</summary>
    public IReadOnlyList<InheritedMapping> ForChildrenOf(TaskImage task) => _forChildren.GetValueOrDefault(task, NoMappings);

    /// <summary>Whether a task, and its descendants, share nothing with its ancestors: it is that deep in the tree.</summary>
    public bool BeginsAnew(TaskImage task) => _depths[task.Index] is var depth && depth > 0 && depth % _mostLevels == 0;

    /// <param name="mostLevels">So many levels share with each other, 1 at least.</param>
    public static InheritancePlan Make(ImageModel image, MemoryLayouts layouts, SharedPages shared, int mostLevels)
    {
        var depths = new int[image.Tasks.Count];
        var plan = new InheritancePlan(depths, mostLevels);
        var byReference = new Dictionary<uint, TaskImage>();
        var drafts = new Draft?[image.Tasks.Count];
        foreach (var task in image.Tasks)
        {
            depths[task.Index] = task.Parent is null ? 0 : depths[task.Parent.Index] + 1;
            if (layouts.Of(task) is not { } layout)
                continue;
            byReference[layout.Mm.ObjRef] = task;
            foreach (var (range, owner, _) in shared.TakenBy(layout.Mm.ObjRef))
            {
                var source = byReference[owner];
                var holder = CommonAncestor(task, source, depths);
                Of(drafts, task).Pages.Add((new(range, owner), depths[holder.Index]));
                if (holder != source)
                    Of(drafts, source).Pages.Add((new(range, owner), depths[holder.Index]));
            }
        }
        // Children before their parents.
        for (var i = image.Tasks.Count - 1; i > 0; i--)
            if (drafts[i] is { } draft && !plan.BeginsAnew(image.Tasks[i]))
                plan.Pass(image.Tasks[i], draft, Of(drafts, image.Tasks[i].Parent!), layouts);
        for (var i = 0; i < drafts.Length; i++)
            if (drafts[i] is { ForChildren.Count: > 0 } draft)
                plan._forChildren[image.Tasks[i]] = InheritedMapping.Union(WithOwn(draft, layouts.Of(image.Tasks[i])));
        return plan;
    }

    /// <summary>A task's needs are complete: what of them its parent must have got before goes up.</summary>
    private void Pass(TaskImage task, Draft draft, Draft parent, MemoryLayouts layouts)
    {
        var pages = draft.Pages.ConvertAll(p => p.Page);
        if (pages.Count == 0)
            return;
        var need = _needs[task] = VersionedRanges.Ordered(pages);
        if (layouts.Of(task) is { } layout)
            AddOverlapping(draft.Mappings, layout, need);
        parent.ForChildren.AddRange(draft.Mappings);
        parent.NeedOfChildren.AddRange(need);
        var above = draft.Pages.FindAll(p => p.HolderDepth < _depths[task.Parent!.Index]);
        if (above.Count == 0)
            return;
        parent.Pages.AddRange(above);
        // A mapping whose pages the parent holds itself is none of those above: they may have another in its place.
        var held = VersionedRanges.Ordered(above.ConvertAll(p => p.Page));
        parent.Mappings.AddRange(draft.Mappings.FindAll(m => AddressRange.AnyOverlaps<VersionedRange>(CollectionsMarshal.AsSpan(held), m.Range)));
    }

    /// <summary>The holder's own mappings, too: they may reach further than its children's.</summary>
    private static List<InheritedMapping> WithOwn(Draft draft, MemoryLayout? layout)
    {
        if (layout is not null)
            AddOverlapping(draft.ForChildren, layout, VersionedRanges.Ordered(draft.NeedOfChildren));
        return draft.ForChildren;
    }

    private static void AddOverlapping(List<InheritedMapping> mappings, MemoryLayout layout, List<VersionedRange> pages)
    {
        var last = -1;
        foreach (var (range, _) in pages)
            for (var i = Math.Max(last + 1, layout.FirstEndingAfter(range.Start)); i < layout.Mappings.Count && layout.Mappings[i].Vma.Start < range.End; i++)
            {
                last = i;
                if (InheritedMapping.IsFit(layout.Mappings[i].Vma))
                    mappings.Add(InheritedMapping.Of(layout.Mappings[i]));
            }
    }

    private static TaskImage CommonAncestor(TaskImage a, TaskImage b, int[] depths)
    {
        while (a != b)
            if (depths[a.Index] >= depths[b.Index])
                a = a.Parent!;
            else
                b = b.Parent!;
        return a;
    }

    private static Draft Of(Draft?[] drafts, TaskImage task) => drafts[task.Index] ??= new Draft();

    private sealed class Draft
    {
        /// <summary>What is needed at birth, and how deep in the tree the one is that holds it.</summary>
        public List<(VersionedRange Page, int HolderDepth)> Pages { get; } = [];

        /// <summary>The mappings of those pages: its own and those of descendants.</summary>
        public List<InheritedMapping> Mappings { get; } = [];

        public List<InheritedMapping> ForChildren { get; } = [];

        public List<VersionedRange> NeedOfChildren { get; } = [];
    }
}
