using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;

namespace CrCore.Objects.Memory;

/// <summary>What a mapping is of. 1 and 2 are the seed's.</summary>
public enum VmaType : uint
{
    /// <summary>Private memory, zero-filled at first.</summary>
    Anonymous = 1,
    /// <summary>A file, private or shared; an FNAME follows.</summary>
    File = 2,
    /// <summary>Shared memory without a file.</summary>
    SharedAnonymous = 3,
    /// <summary>A memfd_create(2) file, shared or private.</summary>
    MemoryFile = 4,
    /// <summary>The vdso(7).</summary>
    Vdso = 5,
    /// <summary>The data behind the vdso, [vvar].</summary>
    Vvar = 6,
    /// <summary>The clocks of hypervisors behind the vdso, [vvar_vclock].</summary>
    VvarVclock = 7,
    /// <summary>A System V segment (shmat(2)).</summary>
    SystemVShared = 8,
    /// <summary>The ring of a context of native asynchronous I/O, made with the context (AIO_RING).</summary>
    AioRing = 20,
    /// <summary>The rings of a packet socket, mapped from its descriptor (PACKET_RING_MAP).</summary>
    PacketRing = 21,
}

/// <summary>VMA (202): a mapping of the address space before it. A mapping of a file is followed by its FNAME.</summary>
public sealed record VmaRecord : ICrRecord
{
    /// <summary>Payload bytes of the seed; revision 4 goes on behind them.</summary>
    public const int SeedSize = 48;

    /// <summary>ANON_VMA_NAME_MAX_LEN of kernel/sys.c is 80; a memfd's name has up to 249 bytes.</summary>
    public const int MaxName = 256;

    /// <inheritdoc/>
    public short Type => MemoryIds.Vma;
    /// <inheritdoc/>
    public uint Parent => 0;

    /// <summary>What is mapped, and with it which of the fields below say something.</summary>
    public VmaType Kind { get; init; }
    /// <summary>First address, a multiple of 4096.</summary>
    public ulong Start { get; init; }
    /// <summary>First address behind it, a multiple of 4096.</summary>
    public ulong End { get; init; }

    /// <summary>PROT_* of mmap(2).</summary>
    public MemoryProtection Protection { get; init; }

    /// <summary>What smaps of /proc/PID tells of it (proc_pid_smaps(5)).</summary>
    public VmFlags Flags { get; init; }

    /// <summary>Offset in the file or shared object, in pages.</summary>
    public ulong PageOffset { get; init; }

    /// <summary>The SHARED_MEMORY object; of a file that its name does not lead to the GHOST or REMAP; or 0. Revision 4.</summary>
    public uint ObjRef { get; init; }

    /// <summary>The file as it was, for a mapping of a file. Revision 4.</summary>
    public FileIdentity? Identity { get; init; }

    /// <summary>The name given with PR_SET_VMA_ANON_NAME, or empty. Revision 4.</summary>
    public string Name { get; init; } = "";

    /// <summary>With <see cref="VmFlags.HugeTlb"/>: the size of its pages, as a power of two. Revision 4.</summary>
    public byte PageShift { get; init; } = HugePageSize.Default;

    /// <summary>Of huge pages (MAP_HUGETLB of mmap(2)).</summary>
    public bool IsHuge => (Flags & VmFlags.HugeTlb) != 0;

    /// <summary>In bytes.</summary>
    public ulong Length => End - Start;

    /// <summary>MAP_SHARED of mmap(2): what is written reaches the file or object.</summary>
    public bool IsShared => (Flags & VmFlags.Shared) != 0;

    /// <summary>Mapped by the kernel itself, the same in every task.</summary>
    public bool IsSpecial => Kind is VmaType.Vdso or VmaType.Vvar or VmaType.VvarVclock or VmaType.AioRing or VmaType.PacketRing;

    /// <summary>Pages of its own, stored under the address space's reference.</summary>
    public bool HasPrivatePages => !IsSpecial && !IsShared;

    /// <inheritdoc/>
    public override string ToString() => $"{Start:x}-{End:x}";

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32((uint)Kind);
        w.U32(0);
        w.U64(Start);
        w.U64(End);
        w.U64((ulong)Protection);
        w.U64((ulong)Flags);
        w.U64(PageOffset);
        w.U32(ObjRef);
        w.Text(Name);
        w.Flag(Identity.HasValue);
        if (Identity is { } identity)
            identity.Write(ref w);
        if (IsHuge && PageShift != HugePageSize.Default)
            w.U8(PageShift);
    }

    internal static VmaRecord Read(uint parent, ref FieldReader r)
    {
        var vma = ReadSeed(ref r);
        vma = vma with { ObjRef = r.U32(), Name = r.Text(MaxName) };
        if (r.Flag())
            vma = vma with { Identity = FileIdentity.Read(ref r) };
        if (vma.IsHuge && r.Remaining > 0)
            vma = vma with { PageShift = HugePageSize.Read(ref r) };
        if (vma.IsHuge && ((vma.Start | vma.End | vma.PageOffset * ImageFormat.PageSize) & ((1UL << vma.PageShift) - 1)) != 0)
            throw r.Bad($"a mapping of huge pages goes from {vma.Start:x} to {vma.End:x}");
        if (vma.Kind is < VmaType.Anonymous or (> VmaType.SystemVShared and not (VmaType.AioRing or VmaType.PacketRing)))
            throw r.Bad($"a mapping has the type {(uint)vma.Kind}");
        if (vma.Kind != VmaType.File && vma.Kind is VmaType.SharedAnonymous or VmaType.MemoryFile or VmaType.SystemVShared != (vma.ObjRef != 0))
            throw r.Bad($"a mapping of the type {vma.Kind} refers to object {vma.ObjRef}");
        if (vma.Kind == VmaType.File != vma.Identity.HasValue)
            throw r.Bad($"a mapping of the type {vma.Kind} is {(vma.Identity.HasValue ? "of a file" : "of no file")}");
        return vma;
    }

    /// <summary>The seed's form, the first 48 bytes of revision 4.</summary>
    internal static VmaRecord ReadSeed(ref FieldReader r)
    {
        var kind = (VmaType)r.U32();
        r.U32();
        var vma = new VmaRecord
        {
            Kind = kind,
            Start = r.U64(),
            End = r.U64(),
            Protection = (MemoryProtection)r.U64(),
            Flags = (VmFlags)r.U64(),
            PageOffset = r.U64(),
        };
        if (vma.Start >= vma.End || ((vma.Start | vma.End) & (ImageFormat.PageSize - 1)) != 0 || vma.End > AddressPlan.HighestEnd)
            throw r.Bad($"a mapping goes from {vma.Start:x} to {vma.End:x}");
        if (vma.PageOffset > (ulong)long.MaxValue / ImageFormat.PageSize)
            throw r.Bad($"a mapping starts at page {vma.PageOffset:x} of its file");
        return vma;
    }
}
