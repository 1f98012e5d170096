using CrCore.Objects.Memory;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Xunit;

namespace CrProperty.Memory;

/// <summary>Arithmetic on address ranges, against a slow oracle that knows each page by itself.</summary>
public class AddressPlanProperties
{
    private const ulong Page = 4096;

    /// <summary>Ranges of a small world, so that they meet, overlap and repeat.</summary>
    private static Arbitrary<AddressRange[]> Ranges()
    {
        var range = from start in Gen.Choose(0, 60) from length in Gen.Choose(0, 20) select new AddressRange((ulong)start * Page, (ulong)(start + length) * Page);
        return Arb.From(range.ArrayOf(), ranges => ranges.Select((_, i) => ranges.Where((_, k) => k != i).ToArray()));
    }

    /// <summary>Ranges as tasks have them, anywhere in 47 bits.</summary>
    private static Arbitrary<AddressRange[]> WideRanges()
    {
        var range = from start in Gen.Choose(0, int.MaxValue) from length in Gen.Choose(0, 1 << 24)
                    let at = (ulong)start << 16
                    select new AddressRange(at, Math.Min(at + ((ulong)length << 12), AddressPlan.FourLevelEnd));
        return Arb.From(range.ArrayOf());
    }

    private static HashSet<ulong> Pages(IEnumerable<AddressRange> ranges)
    {
        var pages = new HashSet<ulong>();
        foreach (var r in ranges)
            for (var at = r.Start; at < r.End; at += Page)
                pages.Add(at);
        return pages;
    }

    [Property]
    public Property Normalized_ranges_are_the_same_pages_in_order_and_apart()
        => Prop.ForAll(Ranges(), ranges =>
        {
            var normal = AddressPlan.Normalize(ranges);
            Assert.True(Pages(ranges).SetEquals(Pages(normal)));
            for (var i = 0; i < normal.Count; i++)
                Assert.True(normal[i].Start < normal[i].End && (i == 0 || normal[i - 1].End < normal[i].Start));
        });

    [Property]
    public Property Gaps_and_kept_ranges_make_up_the_area()
        => Prop.ForAll(Ranges(), kept =>
        {
            var area = new AddressRange(10 * Page, 70 * Page);
            var expected = Pages([area]);
            expected.ExceptWith(Pages(kept));
            var gaps = AddressPlan.Gaps(area, kept);
            Assert.True(expected.SetEquals(Pages(gaps)));
            Assert.All(gaps, g => Assert.True(area.Contains(g) && g.Length > 0));
        });

    [Property]
    public Property A_hole_is_free_and_keeps_its_distance()
        => Prop.ForAll(WideRanges(), Arb.From(Gen.Choose(1, int.MaxValue)), (used, pages) =>
        {
            var size = (ulong)pages * Page;
            if (AddressPlan.FindHole(used, size) is not { } hole)
            {
                // Nothing found: then no gap of the normal ranges has room for it, distances and alignment included.
                foreach (var gap in AddressPlan.Gaps(AddressPlan.SearchArea, used))
                    Assert.True(gap.Length < size + 2 * AddressPlan.Margin + (2 << 20));
                return;
            }
            Assert.Equal(size, hole.Length);
            Assert.True(AddressPlan.SearchArea.Contains(hole));
            Assert.DoesNotContain(used, u => u.Start < u.End && u.Overlaps(new AddressRange(hole.Start - AddressPlan.Margin, hole.End + AddressPlan.Margin)));
        });

    [Fact]
    public void No_hole_is_found_where_all_is_used()
    {
        Assert.Null(AddressPlan.FindHole([new AddressRange(0, AddressPlan.FourLevelEnd)], Page));
        Assert.Null(AddressPlan.FindHole([], AddressPlan.FourLevelEnd));
        Assert.NotNull(AddressPlan.FindHole([], 1));
    }
}
