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

    /// <summary>Mappings made for one place alone, by task and address: of memory files, private ones and those that may never be written.</summary>
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
                reach[objRef] = Math.Max(memory.PageBytes, RoundUp(memory.Size, memory.PageBytes));
        var moved = new List<(int VPid, VmaRecord Vma)>();
        foreach (var task in image.Tasks)
        {
            if (layouts.Of(task) is not { } layout)
                continue;
            foreach (var (vma, _) in layout.Mappings)
            {
                if (vma.ObjRef == 0 || vma.Kind == VmaType.File)
                    continue;
                var memory = image.Object<SharedMemoryRecord>(vma.ObjRef);
                if (memory.Kind == SharedMemoryType.MemoryFile != (vma.Kind == VmaType.MemoryFile) || memory.IsHuge != vma.IsHuge || vma.IsHuge && memory.PageShift != vma.PageShift)
                    throw TooMuch($"the mapping {vma} of {task} is of another kind than object {vma.ObjRef}");
                if (memory.Kind == SharedMemoryType.SystemV != (vma.Kind == VmaType.SystemVShared)
                    || vma.Kind == VmaType.SystemVShared && (!vma.IsShared || vma.PageOffset * ImageFormat.PageSize + vma.Length > reach[vma.ObjRef]))
                    throw TooMuch($"the mapping {vma} of {task} is not one of the System V segment {vma.ObjRef}");
                reach[vma.ObjRef] = Math.Max(reach[vma.ObjRef], vma.PageOffset * ImageFormat.PageSize + vma.Length);
                // Each mapping of huge pages is made by itself: mremap(2) makes no second one of them (check_prep_vma in mm/mremap.c).
                if (memory.IsHuge)
                    continue;
                if (!vma.IsShared || IsReadOnly(vma, memory))
                    moved.Add((task.VPid, vma));
                else if ((vma.Flags & VmFlags.NoReserve) == 0)
                    plan._reserved.Add(vma.ObjRef);
            }
        }
        foreach (var (objRef, bytes) in reach)
            plan._shared[objRef] = plan.Take(bytes, image.Object<SharedMemoryRecord>(objRef).PageBytes);
        foreach (var (vpid, vma) in moved)
            plan._private[(vpid, vma.Start)] = plan.Take(vma.Length, ImageFormat.PageSize);
        // The area itself may have to begin a little later.
        if (plan.HasHugePages)
            plan.Size += plan.Alignment;
        return plan;
    }

    /// <summary>The area must begin at a multiple of so many bytes: those of its largest page.</summary>
    public ulong Alignment { get; private set; } = ImageFormat.PageSize;

    public bool HasHugePages => Alignment > ImageFormat.PageSize;

    /// <summary>
    /// Shared, from a descriptor that could only read: mprotect(2) can never make it writable. All mappings of a file that
    /// is sealed against writes are such, the staged one, too.
    /// </summary>
    private static bool IsReadOnly(VmaRecord vma, SharedMemoryRecord memory)
        => memory.Kind == SharedMemoryType.MemoryFile && (vma.Flags & VmFlags.MayWrite) == 0 && !SharedMemoryKind.IsWriteSealed(memory);

    private AddressRange Take(ulong bytes, ulong alignment)
    {
        Alignment = Math.Max(Alignment, alignment);
        var start = RoundUp(Size, alignment);
        if (bytes > AddressPlan.FourLevelEnd || start + bytes > AddressPlan.FourLevelEnd)
            throw TooMuch($"its shared memory has more than {AddressPlan.FourLevelEnd} bytes");
        Size = start + bytes;
        return new AddressRange(start, Size);
    }

    private static ulong RoundUp(ulong bytes, ulong unit) => (bytes + unit - 1) & ~(unit - 1);

    private static CrImageException TooMuch(string what)
        => new("CrImageBadObject", $"The image's memory does not fit together: {what}.", -1, "The image is damaged; take another copy, or checkpoint again.");
}
