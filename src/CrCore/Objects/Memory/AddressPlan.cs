namespace CrCore.Objects.Memory;

/// <summary>Finds addresses that no task of an image uses. Pure arithmetic on ranges.</summary>
internal static class AddressPlan
{
    /// <summary>End of the user's part with four levels of page tables (TASK_SIZE_MAX, arch/x86/include/asm/page_64_types.h).</summary>
    public const ulong FourLevelEnd = 0x7fff_ffff_f000;

    /// <summary>The same with five levels.</summary>
    public const ulong HighestEnd = 0xff_ffff_ffff_f000;

    /// <summary>
    /// Where holes are looked for: above what programs without address randomization use (their text at 4 MiB, or at
    /// 0x555555554000), below where the kernel puts the stack, the vdso and mmap areas of a new program.
    /// </summary>
    public static AddressRange SearchArea { get; } = new(0x2_0000_0000, 0x7000_0000_0000);

    /// <summary>Kept free around a hole: more than stack_guard_gap (256 pages), so that a stack may still grow.</summary>
    public const ulong Margin = 16 << 20;

    private const ulong Granularity = 2 << 20;

    /// <summary>The lowest range of the search area that none of <paramref name="used"/> comes near to.</summary>
    /// <param name="used">In any order; may overlap.</param>
    /// <param name="size">In bytes, 1 or more; the hole is that large, rounded up to pages, and starts at a multiple of 2 MiB.</param>
    /// <returns>The hole, or null where there is none.</returns>
    public static AddressRange? FindHole(IEnumerable<AddressRange> used, ulong size)
    {
        ArgumentOutOfRangeException.ThrowIfZero(size);
        if (size > SearchArea.Length)
            return null;
        size = (size + 0xfff) & ~0xffful;
        var at = SearchArea.Start;
        foreach (var range in Normalize(used))
        {
            if (range.Start >= Margin && at + size <= range.Start - Margin)
                break;
            if (range.End + Margin > at)
                at = Align(range.End + Margin);
        }
        return at + size <= SearchArea.End ? new AddressRange(at, at + size) : null;
    }

    /// <summary>The same addresses as ascending ranges that neither overlap nor touch; empty ones are dropped.</summary>
    public static List<AddressRange> Normalize(IEnumerable<AddressRange> ranges)
    {
        var sorted = new List<AddressRange>();
        foreach (var r in ranges)
            if (r.Start < r.End)
                sorted.Add(r);
        sorted.Sort(static (a, b) => a.Start.CompareTo(b.Start));
        var count = 0;
        for (var i = 0; i < sorted.Count; i++)
        {
            if (count > 0 && sorted[i].Start <= sorted[count - 1].End)
                sorted[count - 1] = sorted[count - 1] with { End = Math.Max(sorted[count - 1].End, sorted[i].End) };
            else
                sorted[count++] = sorted[i];
        }
        sorted.RemoveRange(count, sorted.Count - count);
        return sorted;
    }

    /// <summary>What of <paramref name="area"/> is not in <paramref name="kept"/>, ascending.</summary>
    public static List<AddressRange> Gaps(AddressRange area, IEnumerable<AddressRange> kept)
    {
        var gaps = new List<AddressRange>();
        var at = area.Start;
        foreach (var range in Normalize(kept))
        {
            if (range.Start >= area.End)
                break;
            if (range.Start > at)
                gaps.Add(new AddressRange(at, range.Start));
            at = Math.Max(at, range.End);
        }
        if (at < area.End)
            gaps.Add(new AddressRange(at, area.End));
        return gaps;
    }

    /// <summary>What is left of items at addresses without some of those.</summary>
    /// <param name="items">Ascending, without overlap.</param>
    /// <param name="ranges">The same.</param>
    /// <param name="cut">Makes an item of a part of another's addresses.</param>
    public static List<T> Without<T>(IReadOnlyList<T> items, IReadOnlyList<AddressRange> ranges, Func<T, AddressRange, T> cut)
        where T : struct, IAddressed
    {
        var left = new List<T>(items.Count + ranges.Count);
        var next = 0;
        foreach (var item in items)
        {
            var range = item.Range;
            while (next < ranges.Count && ranges[next].End <= range.Start)
                next++;
            var at = range.Start;
            for (var i = next; i < ranges.Count && ranges[i].Start < range.End; i++)
            {
                if (ranges[i].Start > at)
                    left.Add(cut(item, new(at, ranges[i].Start)));
                at = Math.Max(at, ranges[i].End);
            }
            if (at < range.End)
                left.Add(cut(item, new(at, range.End)));
        }
        return left;
    }

    private static ulong Align(ulong address) => (address + (Granularity - 1)) & ~(Granularity - 1);
}
