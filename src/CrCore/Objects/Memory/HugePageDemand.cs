using CrCore.Image;
using CrCore.Kernel;
using CrCore.Restore;

namespace CrCore.Objects.Memory;

/// <summary>
/// How many huge pages a restore takes for certain: what its mappings reserve (hugetlb_reserve_pages in mm/hugetlb.c). What
/// is mapped with MAP_NORESERVE takes only those that are filled, which is found when they are.
/// </summary>
internal sealed class HugePageDemand
{
    private readonly SortedDictionary<byte, ulong> _pages = [];

    public static void Check(CheckContext context, MemoryLayouts layouts)
    {
        foreach (var (shift, pages) in Of(context, layouts)._pages)
        {
            var size = HugePageSize.Describe(shift);
            if (HugePagePool.Read(shift) is not { } pool)
                context.Refuse(null, "CrHugePages", $"huge pages of {size}", "this machine has no pages of that size", "Restore it on a machine that has them.", CrErrorKind.NotSupported);
            else if ((ulong)pool.Available < pages)
                context.Refuse(null, "CrHugePages", $"huge pages of {size}", $"the tree needs {pages} of them, and this machine has {pool.Available} ({pool.Free} free, {pool.Promised} of them promised to others, {pool.Surplus} that may be taken from other memory)",
                    $"Set more aside: /sys/kernel/mm/hugepages/hugepages-{1UL << (shift - 10)}kB/nr_hugepages.");
        }
    }

    private static HugePageDemand Of(CheckContext context, MemoryLayouts layouts)
    {
        var demand = new HugePageDemand();
        var shared = new Dictionary<uint, List<AddressRange>>();
        foreach (var task in context.Image.Tasks)
            if (layouts.Of(task) is { } layout)
                foreach (var (vma, _) in layout.Mappings)
                    demand.Add(vma, shared);
        foreach (var o in context.Image.Objects.Values)
            if (o is SystemVSegmentRecord segment && context.Image.Object<SharedMemoryRecord>(segment.Memory) is { IsHuge: true } memory
                && ((context.Namespaces.Flags & CloneFlags.NewIpc) != 0 || SystemVMemory.Stat(segment.Id, out _) != Errno.None))
                demand.Add(memory.PageShift, memory.Size);
        foreach (var (objRef, ranges) in shared)
            foreach (var range in AddressPlan.Normalize(ranges))
                demand.Add(context.Image.Object<SharedMemoryRecord>(objRef).PageShift, range.Length);
        return demand;
    }

    private void Add(VmaRecord vma, Dictionary<uint, List<AddressRange>> shared)
    {
        // A named file's own pages are there, as far as it has any; a System V segment reserves as a whole.
        if (!vma.IsHuge || (vma.Flags & VmFlags.NoReserve) != 0 || vma.Kind == VmaType.SystemVShared || vma.Kind == VmaType.File && vma.IsShared)
            return;
        if (!vma.IsShared)
        {
            Add(vma.PageShift, vma.Length);
            return;
        }
        if (!shared.TryGetValue(vma.ObjRef, out var ranges))
            shared[vma.ObjRef] = ranges = [];
        var start = vma.PageOffset * ImageFormat.PageSize;
        ranges.Add(new(start, start + vma.Length));
    }

    private void Add(byte shift, ulong bytes)
        => _pages[shift] = _pages.GetValueOrDefault(shift) + (bytes + (1UL << shift) - 1 >> shift);
}
