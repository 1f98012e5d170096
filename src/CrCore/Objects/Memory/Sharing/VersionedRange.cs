namespace CrCore.Objects.Memory;

/// <summary>Pages with certain contents: those that are stored for an address space at these addresses.</summary>
/// <param name="Version">The address space's reference.</param>
internal readonly record struct VersionedRange(AddressRange Range, uint Version) : IAddressed;

/// <summary>Lists of such ranges, ascending and without overlap.</summary>
internal static class VersionedRanges
{
    /// <summary>What of a list is not in another with the same contents.</summary>
    public static List<VersionedRange> Missing(IReadOnlyList<VersionedRange> wanted, IReadOnlyList<VersionedRange> present)
    {
        var missing = new List<VersionedRange>();
        var next = 0;
        foreach (var (range, version) in wanted)
        {
            while (next < present.Count && present[next].Range.End <= range.Start)
                next++;
            var at = range.Start;
            for (var i = next; i < present.Count && present[i].Range.Start < range.End; i++)
            {
                if (present[i].Version != version)
                    continue;
                if (present[i].Range.Start > at)
                    missing.Add(new(new(at, present[i].Range.Start), version));
                at = present[i].Range.End;
            }
            if (at < range.End)
                missing.Add(new(new(at, range.End), version));
        }
        return missing;
    }

    /// <summary>The parts of a list that lie in given ranges.</summary>
    /// <param name="ranges">Ascending, without overlap.</param>
    public static List<VersionedRange> Within(IReadOnlyList<VersionedRange> list, IReadOnlyList<AddressRange> ranges)
    {
        var within = new List<VersionedRange>();
        var next = 0;
        foreach (var (range, version) in list)
        {
            while (next < ranges.Count && ranges[next].End <= range.Start)
                next++;
            for (var i = next; i < ranges.Count && ranges[i].Start < range.End; i++)
                within.Add(new(new(Math.Max(range.Start, ranges[i].Start), Math.Min(range.End, ranges[i].End)), version));
        }
        return within;
    }

    /// <summary>A list with other contents in some places.</summary>
    public static List<VersionedRange> Put(IReadOnlyList<VersionedRange> present, List<VersionedRange> news)
    {
        var all = Without(present, news.ConvertAll(n => n.Range));
        all.AddRange(news);
        return Ordered(all);
    }

    /// <summary>A list without some places.</summary>
    /// <param name="ranges">Ascending, without overlap.</param>
    public static List<VersionedRange> Without(IReadOnlyList<VersionedRange> list, IReadOnlyList<AddressRange> ranges)
        => AddressPlan.Without(list, ranges, static (item, piece) => item with { Range = piece });

    /// <summary>Sorted and joined. Where two differ, the one that begins first stays.</summary>
    public static List<VersionedRange> Ordered(List<VersionedRange> list)
    {
        list.Sort(static (a, b) => a.Range.Start.CompareTo(b.Range.Start));
        var ordered = new List<VersionedRange>(list.Count);
        foreach (var (range, version) in list)
        {
            var last = ordered.Count > 0 ? ordered[^1] : default;
            if (ordered.Count > 0 && last.Version == version && range.Start <= last.Range.End)
                ordered[^1] = new(new(last.Range.Start, Math.Max(last.Range.End, range.End)), version);
            else if (ordered.Count == 0 || range.Start >= last.Range.End)
                ordered.Add(new(range, version));
            else if (range.End > last.Range.End)
                ordered.Add(new(new(last.Range.End, range.End), version));
        }
        return ordered;
    }
}
