using System.Globalization;
using CrCore;
using CrCore.Image;
using CrCore.Inspection;
using CrCore.Kernel;
using CrCore.Objects.Memory;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Xunit;

namespace CrProperty.Memory;

/// <summary>What an image may say of shared pages, and which of them a restore lets children inherit.</summary>
public class SharedPageRuleTests
{
    private const ulong Start = 0x10000, Page = 4096;
    private const int Pages = 16;

    /// <summary>Who has which pages: of each task its parent, and of each page whether it is its own or the parent's.</summary>
    private sealed record Family(int[] Parents, int[] Masks)
    {
        public override string ToString() => $"parents [{string.Join(' ', Parents)}], own pages [{string.Join(' ', Masks.Select(m => m.ToString("x", null)))}]";
    }

    private static Arbitrary<Family> Families => Arb.From(
        from count in Gen.Choose(1, 8)
        from parents in Gen.Choose(0, 1000).ArrayOf(count)
        from masks in Gen.Choose(0, (1 << Pages) - 1).ArrayOf(count)
        select new Family(parents, masks),
        f => f.Parents.Length > 1 ? [new Family(f.Parents[..^1], f.Masks[..^1])] : []);

    [Property(MaxTest = 200)]
    public Property EveryPageIsFoundAndWhoeverHadItInheritsIt() => Prop.ForAll(Families, Gen.Choose(1, 8).ToArbitrary(), (family, levels) =>
    {
        var (image, owners) = Make(family);
        using var reader = new ImageReader(new MemoryStream(image));
        var model = reader.ReadMetadata();
        var layouts = new MemoryLayouts();
        var shared = layouts.SharedPagesOf(model);
        for (var t = 0; t < owners.Length; t++)
            for (var p = 0; p < Pages; p++)
                Assert.Equal(owners[t][p], shared.OwnerAt((uint)t + 1, Start + (ulong)p * Page, out _));
        // Here each page comes straight from the parent, so all that is not own must be inherited, but by those who begin anew.
        var plan = InheritancePlan.Make(model, layouts, shared, levels);
        var depths = new Dictionary<TaskImage, int>();
        foreach (var task in model.Tasks)
        {
            var t = (int)layouts.Of(task)!.Mm.ObjRef - 1;
            var need = plan.NeedOf(task);
            var depth = depths[task] = task.Parent is null ? 0 : depths[task.Parent] + 1;
            Assert.Equal(depth > 0 && depth % levels == 0, plan.BeginsAnew(task));
            for (var p = 0; p < Pages && task.Parent is not null; p++)
                Assert.Equal(owners[t][p] != t + 1 && depth % levels != 0, need.Any(n => n.Version == owners[t][p] && n.Range.Contains(new(Start + (ulong)p * Page, Start + (ulong)(p + 1) * Page))));
            if (need.Count > 0)
                Assert.Contains(plan.ForChildrenOf(task.Parent!), m => m.Range == new AddressRange(Start, Start + Pages * Page));
        }
    });

    [Property(MaxTest = 200)]
    public Property ListsOfRangesAreLikeMapsOfPages()
    {
        var list = Gen.Choose(0, 3).ArrayOf(24);
        return Prop.ForAll(Arb.From(list), Arb.From(list), (a, b) =>
        {
            var (wanted, present) = (OfPages(a), OfPages(b));
            Assert.Equal(Enumerable.Range(0, 24).Select(i => a[i] != 0 && a[i] != b[i] ? a[i] : 0), ToPages(VersionedRanges.Missing(wanted, present)));
            Assert.Equal(Enumerable.Range(0, 24).Select(i => a[i] != 0 ? a[i] : b[i]), ToPages(VersionedRanges.Put(present, wanted)));
            Assert.Equal(Enumerable.Range(0, 24).Select(i => b[i] != 0 ? a[i] : 0), ToPages(VersionedRanges.Within(wanted, present.ConvertAll(v => v.Range))));
            Assert.Equal(Enumerable.Range(0, 24).Select(i => b[i] != 0 ? 0 : a[i]), ToPages(VersionedRanges.Without(wanted, present.ConvertAll(v => v.Range))));
            var mappings = wanted.ConvertAll(w => new InheritedMapping(w.Range, new(new VmaRecord { Name = $"{w.Version}" }, "")));
            Assert.Equal(Enumerable.Range(0, 24).Select(i => b[i] != 0 ? 0 : a[i]), ToPages(InheritedMapping.Without(mappings, present.ConvertAll(v => v.Range)).ConvertAll(m => new VersionedRange(m.Range, uint.Parse(m.Like.Vma.Name, CultureInfo.InvariantCulture)))));
        });
    }

    [Fact]
    public void WhatDoesNotFitTogetherIsRefused()
    {
        var range = new AddressRange(Start, Start + Page);
        foreach (var records in new SharedPagesRecord[][]
        {
            [new(2, 9, [range])],                                                       // nobody
            [new(2, 3, [range])],                                                       // who comes later
            [new(2, 1, [new(Start + Pages * Page, Start + (Pages + 1) * Page)])],       // not mapped
            [new(2, 1, [new(Start, Start + (Pages + 1) * Page)])],                      // only in part
            [new(2, 1, [range]), new(2, 1, [range])],                                   // twice
            [new(2, 1, [range]), new(3, 2, [range])],                                   // not its own
            [new(1, 2, [range])],                                                       // in another task's records
        })
        {
            using var reader = new ImageReader(new MemoryStream(Write([0, 0, 1], t => [.. records.Where(r => r.ObjRef == t + 1)], _ => [])));
            var model = reader.ReadMetadata();
            Assert.Equal("CrImageBadObject", Assert.Throws<CrImageException>(() => new MemoryLayouts().SharedPagesOf(model)).Id);
        }
        // A block has pages that are said to be another's.
        using var all = new ImageReader(new MemoryStream(Write([0, 0], t => t == 1 ? [new(2, 1, [range])] : [], t => t == 1 ? [0] : [])));
        Assert.Equal("CrImageBadObject", Assert.Throws<CrImageException>(() => ImageVerification.Verify(all)).Id);
    }

    private static (byte[] Image, uint[][] Owners) Make(Family family)
    {
        var owners = new uint[family.Parents.Length][];
        var order = Order(family.Parents);
        // Numbers go by the image's order, in which sources stand first.
        var parents = new int[order.Length];
        for (var i = 1; i < order.Length; i++)
            parents[i] = Array.IndexOf(order, Parent(family.Parents, order[i]));
        for (var t = 0; t < order.Length; t++)
        {
            owners[t] = new uint[Pages];
            for (var p = 0; p < Pages; p++)
                owners[t][p] = t == 0 || (family.Masks[order[t]] >> p & 1) != 0 ? (uint)t + 1 : owners[parents[t]][p];
        }
        return (Write(parents, t => Records(t, owners[t]), t => [.. Enumerable.Range(0, Pages).Where(p => owners[t][p] == t + 1)]), owners);
    }

    private static List<SharedPagesRecord> Records(int task, uint[] owners)
    {
        var records = new List<SharedPagesRecord>();
        foreach (var owner in owners.Where(o => o != task + 1).Distinct())
            records.Add(new((uint)task + 1, owner, [.. Enumerable.Range(0, Pages).Where(p => owners[p] == owner).Select(p => new AddressRange(Start + (ulong)p * Page, Start + (ulong)(p + 1) * Page))]));
        return records;
    }

    private static int Parent(int[] parents, int task) => task == 0 ? -1 : parents[task] % task;

    /// <summary>Depth first.</summary>
    private static int[] Order(int[] parents)
    {
        var order = new List<int>();
        var todo = new Stack<int>([0]);
        while (todo.TryPop(out var task))
        {
            order.Add(task);
            for (var child = parents.Length - 1; child > task; child--)
                if (Parent(parents, child) == task)
                    todo.Push(child);
        }
        return [.. order];
    }

    /// <param name="parents">By place in the image, depth first.</param>
    private static byte[] Write(int[] parents, Func<int, List<SharedPagesRecord>> shared, Func<int, List<int>> pages)
    {
        using var stream = new MemoryStream();
        using (var writer = new ImageWriter(stream, leaveOpen: true))
        {
            writer.WriteRecord(new HeadRecord { Major = 6, Time = 1, Release = "6", Version = "#1", Machine = "x86_64", NodeName = "n", Writer = "test", ImageId = Guid.NewGuid() });
            writer.WriteRecord(new HeadArchRecord(true, true, 2432));
            writer.WriteRecord(new TreeRecord([.. Enumerable.Range(0, parents.Length).Select(t => new TreePids(100 + t, 100 + t, t == 0 ? 0 : 100 + parents[t]))]));
            for (var t = 0; t < parents.Length; t++)
            {
                writer.WriteTask(new TaskRecord { VPid = 100 + t, ChildrenCount = parents.Where((p, i) => i > 0 && p == t).Count(), ThreadCount = 1, ExitSignal = 17 }, "task");
                writer.WriteRecord(new MmRecord { Parent = 100 + (uint)t, ObjRef = (uint)t + 1, MapCount = 1, ExePath = "/bin/none" });
                writer.WriteRecord(new VmaRecord { Kind = VmaType.Anonymous, Start = Start, End = Start + Pages * Page, Protection = MemoryProtection.Read | MemoryProtection.Write });
                foreach (var record in shared(t))
                    writer.WriteRecord(record);
                writer.WriteRecord(new MmContextRecord((uint)t + 1));
                writer.WriteRecord(new ThreadRecord(100 + t, 100 + t));
            }
            writer.SealMetadata();
            for (var t = 0; t < parents.Length; t++)
                foreach (var page in pages(t))
                    writer.WritePages((uint)t + 1, [new PageRun(Start + (ulong)page * Page, 1)], new byte[Page]);
            writer.Finish();
        }
        return stream.ToArray();
    }

    private static List<VersionedRange> OfPages(int[] pages)
        => VersionedRanges.Ordered([.. pages.Select((v, i) => (v, i)).Where(x => x.v != 0).Select(x => new VersionedRange(new((ulong)x.i * Page, (ulong)(x.i + 1) * Page), (uint)x.v))]);

    private static List<int> ToPages(List<VersionedRange> list)
    {
        var pages = new int[24];
        ulong end = 0;
        foreach (var (range, version) in list)
        {
            Assert.True(range.Start >= end && range.End > range.Start);
            end = range.End;
            for (var at = range.Start; at < range.End; at += Page)
                pages[at / Page] = (int)version;
        }
        return [.. pages];
    }
}
