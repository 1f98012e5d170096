using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Memory;

/// <summary>
/// Which shared memory is mapped where in the staging area: made once in the root's puppet and inherited by all others, so
/// that no capability is needed to get at it. Offsets are from the area's start. Pure arithmetic on an image.
/// </summary>
internal sealed class StagingPlan
{
    /// <summary>Room for the kernel's special mappings (a few pages) on their way from one place to another.</summary>
    public const ulong TransitBytes = 1 << 20;

    private readonly Dictionary<uint, AddressRange> _shared = [];
    private readonly Dictionary<(int VPid, ulong Start), AddressRange> _private = [];
    private readonly HashSet<uint> _reserved = [];

    /// <summary>The object's bytes.</summary>
    public AddressRange this[uint objRef] => _shared[objRef];

    public IReadOnlyDictionary<uint, AddressRange> Shared => _shared;

    /// <summary>
    /// Mappings that are moved and not shared, by task and address: private ones of memory files, and those of huge pages,
    /// of which mremap(2) makes no second one.
    /// </summary>
    public IReadOnlyDictionary<(int VPid, ulong Start), AddressRange> Private => _private;

    /// <summary>Whether the mappings of an object were made without MAP_NORESERVE: the copies of the staged one keep that.</summary>
    public bool IsReserved(uint objRef) => _reserved.Contains(objRef);

    /// <summary>Size in bytes.</summary>
    public ulong Size { get; private set; } = TransitBytes;

    /// <exception cref="CrImageException">CrImageBadObject: a mapping refers to no such object, or the sizes are beyond any address space.</exception>
    public static StagingPlan Make(ImageModel image, MemoryLayouts layouts)
    {
        var plan = new StagingPlan();
        var reach = new SortedDictionary<uint, ulong>();
        foreach (var (objRef, o) in image.Objects)
            if (o is SharedMemoryRecord memory)
                reach[objRef] = Math.Max(ImageFormat.PageSize, RoundUp(memory.Size));
        var moved = new List<(int VPid, VmaRecord Vma)>();
        foreach (var task in image.Tasks)
        {
            if (layouts.Of(task) is not { } layout)
                continue;
            foreach (var (vma, _) in layout.Mappings)
            {
                if (vma.ObjRef == 0 || vma.Kind == VmaType.File)
                    continue;
                if (image.Object<SharedMemoryRecord>(vma.ObjRef).Kind == SharedMemoryType.MemoryFile != (vma.Kind == VmaType.MemoryFile))
                    throw TooMuch($"the mapping {vma} of {task} is of another kind than object {vma.ObjRef}");
                if (IsSystemV(image, vma.ObjRef) != (vma.Kind == VmaType.SystemVShared)
                    || vma.Kind == VmaType.SystemVShared && (!vma.IsShared || vma.PageOffset * ImageFormat.PageSize + vma.Length > reach[vma.ObjRef]))
                    throw TooMuch($"the mapping {vma} of {task} is not one of the System V segment {vma.ObjRef}");
                reach[vma.ObjRef] = Math.Max(reach[vma.ObjRef], vma.PageOffset * ImageFormat.PageSize + vma.Length);
                if (!vma.IsShared || IsHuge(image, vma.ObjRef))
                    moved.Add((task.VPid, vma));
                else if ((vma.Flags & VmFlags.NoReserve) == 0)
                    plan._reserved.Add(vma.ObjRef);
            }
        }
        foreach (var (objRef, bytes) in reach)
            plan._shared[objRef] = plan.Take(bytes, IsHuge(image, objRef));
        foreach (var (vpid, vma) in moved)
            plan._private[(vpid, vma.Start)] = plan.Take(vma.Length, IsHuge(image, vma.ObjRef));
        // The area itself may have to begin a little later.
        if (plan.HasHugePages)
            plan.Size += MappingFlags.HugePageBytes;
        return plan;
    }

    /// <summary>Whether the area must begin at the border of a huge page.</summary>
    public bool HasHugePages { get; private set; }

    private static bool IsHuge(ImageModel image, uint objRef) => image.Object<SharedMemoryRecord>(objRef).Kind == SharedMemoryType.HugePages;

    private static bool IsSystemV(ImageModel image, uint objRef) => image.Object<SharedMemoryRecord>(objRef).Kind == SharedMemoryType.SystemV;

    private AddressRange Take(ulong bytes, bool huge)
    {
        HasHugePages |= huge;
        var start = huge ? (Size + MappingFlags.HugePageBytes - 1) & ~(MappingFlags.HugePageBytes - 1) : Size;
        if (bytes > AddressPlan.FourLevelEnd || start + bytes > AddressPlan.FourLevelEnd)
            throw TooMuch($"its shared memory has more than {AddressPlan.FourLevelEnd} bytes");
        Size = start + bytes;
        return new AddressRange(start, Size);
    }

    private static ulong RoundUp(ulong bytes) => (bytes + ImageFormat.PageSize - 1) & ~(ImageFormat.PageSize - 1UL);

    private static CrImageException TooMuch(string what)
        => new("CrImageBadObject", $"The image's memory does not fit together: {what}.", -1, "The image is damaged; take another copy, or checkpoint again.");
}
