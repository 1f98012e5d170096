using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Memory;

/// <summary>
/// Finds the pages that a task has in common with its parent or with elder siblings since fork(2): the same frame at the same
/// address or, where the kernel shows no frame numbers, the same contents in pages that both have not for themselves. The
/// tree stands still; tasks come in the order of the image.
/// </summary>
/// <param name="byContents">Do as if the kernel showed no frame numbers.</param>
internal sealed class SharedPageSearch(bool byContents) : IDisposable
{
    /// <summary>
    /// Elder siblings that are looked at, the youngest first: they have what the parent has written to since, and the nearer
    /// in time, the more of it.
    /// </summary>
    private const int MostSiblings = 3;

    private readonly Dictionary<int, SharingTask> _byPid = [];
    private PageMatcher? _matcher; // 64 KiB and more, for trees of several tasks alone
    private SharingTask? _parent;

    /// <summary>Takes out of a task's pages what another's pages stand for.</summary>
    /// <param name="pages">All of its private pages; they are cut around the shared ones.</param>
    /// <returns>The records that say so.</returns>
    public List<SharedPagesRecord> Take(FrozenTask task, PageSource pages)
    {
        var own = new SharingTask(task.Pid, pages.ObjRef, [.. pages.Ranges]);
        _byPid.Add(task.Pid, own);
        // Who has executed a program has nothing of its parent's any more.
        if ((task.Stat.Flags & ProcStat.ForkNoExec) == 0 || task.Parent is null || !_byPid.TryGetValue(task.Parent.Pid, out var parent))
            return [];
        if (_parent != parent)
        {
            _parent?.Pause();
            _parent = parent;
        }
        var others = new List<(SharingTask Other, List<AddressRange> Common)>();
        Add(others, own, parent);
        for (var i = parent.Children.Count - 1; i >= 0 && i >= parent.Children.Count - MostSiblings; i--)
            Add(others, own, parent.Children[i]);
        parent.Children.Add(own);
        if (others.Count == 0)
            return [];
        try
        {
            own.Taken = [.. (_matcher ??= new(byContents)).Find(own, others)];
        }
        finally
        {
            own.Pause();
            foreach (var (other, _) in others)
                if (other != parent)
                    other.Pause();
        }
        return own.Taken.Length == 0 ? [] : TakeOut(own, pages);
    }

    public void Dispose() => _parent?.Pause();

    private static void Add(List<(SharingTask, List<AddressRange>)> others, SharingTask own, SharingTask other)
    {
        var common = own.CommonWith(other);
        if (common.Count > 0)
            others.Add((other, common));
    }

    private static List<SharedPagesRecord> TakeOut(SharingTask own, PageSource pages)
    {
        pages.Ranges.Clear();
        var next = 0;
        foreach (var range in own.Ranges)
        {
            var at = range.Start;
            for (; next < own.Taken.Length && own.Taken[next].Range is var taken && taken.Start < range.End; next++)
            {
                if (taken.Start > at)
                    pages.Ranges.Add(range with { Start = at, End = taken.Start, Target = range.Target + (at - range.Start) });
                at = Math.Max(at, taken.End);
                // It goes on in the neighbouring mapping.
                if (taken.End > range.End)
                    break;
            }
            if (at < range.End)
                pages.Ranges.Add(range with { Start = at, Target = range.Target + (at - range.Start) });
        }
        var byOwner = new SortedDictionary<uint, List<AddressRange>>();
        foreach (var (range, owner, _) in own.Taken)
        {
            pages.SharedPages += (long)(range.Length / ImageFormat.PageSize);
            if (!byOwner.TryGetValue(owner, out var list))
                byOwner.Add(owner, list = []);
            list.Add(range);
        }
        var records = new List<SharedPagesRecord>();
        foreach (var (owner, list) in byOwner)
            for (var i = 0; i < list.Count; i += SharedPagesRecord.MaxRanges)
                records.Add(new SharedPagesRecord(own.ObjRef, owner, list.GetRange(i, Math.Min(SharedPagesRecord.MaxRanges, list.Count - i))));
        return records;
    }
}

/// <summary>A task whose private pages may be others', too.</summary>
/// <param name="ranges">Where they are, ascending.</param>
internal sealed class SharingTask(int pid, uint objRef, PageRange[] ranges)
{
    private PagemapScanner? _pagemap;
    private ProcessMemoryFile? _memory;

    public int Pid => pid;

    public uint ObjRef => objRef;

    public PageRange[] Ranges => ranges;

    /// <summary>Children that were looked at, the eldest first.</summary>
    public List<SharingTask> Children { get; } = [];

    /// <summary>What it has from others, ascending. A range may go over the border of two mappings.</summary>
    public SharedRange[] Taken { get; set; } = [];

    /// <summary>Open until <see cref="Pause"/>.</summary>
    public PagemapScanner Pagemap => _pagemap ??= PagemapScanner.TryOpen(pid) ?? throw Ended();

    /// <summary>The same. Reading through it leaves pages shared (<see cref="PageRangeModes.Shared"/>).</summary>
    public ProcessMemoryFile Memory => _memory ??= ProcessMemoryFile.TryOpen(pid) ?? throw Ended();

    public void Pause()
    {
        _pagemap?.Dispose();
        _memory?.Dispose();
        (_pagemap, _memory) = (null, null);
    }

    private CrTargetException Ended() => new("CrTaskEnded", $"Task {pid} ended while it was frozen.", "Something killed it; the others run on.") { Pid = pid };

    /// <summary>Under whose reference its page at an address is stored.</summary>
    public uint OwnerAt(ulong address)
    {
        var index = AddressRange.FirstEndingAfter<SharedRange>(Taken, address);
        return index < Taken.Length && Taken[index].Range.Start <= address ? Taken[index].Owner : objRef;
    }

    /// <summary>Addresses at which both have private memory of the same sort: what is not stored is zero in both, or a file's.</summary>
    public List<AddressRange> CommonWith(SharingTask other)
    {
        const PageRangeModes sort = PageRangeModes.KeepZeros;
        var common = new List<AddressRange>();
        var theirs = other.Ranges;
        for (int i = 0, j = 0; i < ranges.Length && j < theirs.Length;)
        {
            var start = Math.Max(ranges[i].Start, theirs[j].Start);
            var end = Math.Min(ranges[i].End, theirs[j].End);
            if (start < end && ((ranges[i].Modes ^ theirs[j].Modes) & sort) == 0 && (ranges[i].Modes & PageRangeModes.NeverShared) == 0)
                common.Add(new AddressRange(start, end));
            if (ranges[i].End < theirs[j].End)
                i++;
            else
                j++;
        }
        return common;
    }
}
