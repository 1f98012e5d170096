using CrCore.Image;

namespace CrCore.Objects.Memory;

/// <summary>What kind of shared memory an object is.</summary>
public enum SharedMemoryType : uint
{
    /// <summary>mmap(2) with MAP_SHARED and MAP_ANONYMOUS.</summary>
    Anonymous = 1,
    /// <summary>memfd_create(2).</summary>
    MemoryFile = 2,
    /// <summary>As <see cref="Anonymous"/>, with MAP_HUGETLB.</summary>
    HugePages = 3,
    /// <summary>shmget(2); a SYSV_SEGMENT tells the rest.</summary>
    SystemV = 4,
}

/// <summary>
/// SHARED_MEMORY (210): memory that mappings of several places or tasks share, or that descriptors lead to. It stands
/// before the record that refers to it first; its pages are stored under its reference, by their offset.
/// </summary>
public sealed record SharedMemoryRecord : ISharedObject
{
    /// <summary>F_SEAL_* of fcntl(2): seal, shrink, grow, write, future write, exec.</summary>
    public const uint KnownSeals = 0x3f;

    internal const uint SealSeal = 0x1, SealShrink = 0x2, SealGrow = 0x4, SealWrite = 0x8, SealFutureWrite = 0x10, SealExec = 0x20;

    /// <inheritdoc/>
    public short Type => MemoryIds.SharedMemory;
    /// <inheritdoc/>
    public uint Parent => 0;

    /// <summary>Positive, unique in the image: its pages are stored under it.</summary>
    public uint ObjRef { get; init; }

    /// <summary>How it was made, and is made again.</summary>
    public SharedMemoryType Kind { get; init; }

    /// <summary>In bytes; a memfd's need not be a multiple of the page size. 0 where it is not known: as far as its mappings reach.</summary>
    public ulong Size { get; init; }

    /// <summary>F_SEAL_* of fcntl(2).</summary>
    public uint Seals { get; init; }

    /// <summary>Permissions of a memfd (0777 by default, 0666 with MFD_NOEXEC_SEAL).</summary>
    public uint Mode { get; init; }

    /// <summary>The name of a memfd, without "memfd:".</summary>
    public string Name { get; init; } = "";

    /// <summary>The size of its pages, as a power of two: <see cref="HugePageSize.None"/>, or that of huge pages (hugetlbfs).</summary>
    public byte PageShift { get; init; } = HugePageSize.None;

    /// <summary>Its pages are huge ones (hugetlbfs).</summary>
    public bool IsHuge => PageShift != HugePageSize.None;

    /// <summary>Of one page: 4096, or those of a huge one.</summary>
    public ulong PageBytes => 1UL << PageShift;

    /// <summary>Of a memfd: <see cref="Size"/> is known, and 0.</summary>
    public bool IsEmpty { get; init; }

    private static byte DefaultShift(SharedMemoryType kind) => kind == SharedMemoryType.HugePages ? HugePageSize.Default : HugePageSize.None;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32(ObjRef);
        w.U32((uint)Kind);
        w.U64(Size);
        w.U32(Seals);
        w.U32(Mode);
        w.Text(Name);
        if (PageShift != DefaultShift(Kind) || IsEmpty)
            w.U8(PageShift);
        if (IsEmpty)
            w.Flag(true);
    }

    internal static SharedMemoryRecord Read(uint parent, ref FieldReader r)
    {
        var s = new SharedMemoryRecord
        {
            ObjRef = r.U32(),
            Kind = (SharedMemoryType)r.U32(),
            Size = r.U64(),
            Seals = r.U32(),
            Mode = r.U32(),
            Name = r.Text(VmaRecord.MaxName),
        };
        s = s with { PageShift = r.Remaining > 0 ? HugePageSize.Read(ref r, orNone: true) : DefaultShift(s.Kind) };
        s = s with { IsEmpty = r.Remaining > 0 && r.Flag() };
        if (s.IsEmpty && (s.Size != 0 || s.Kind != SharedMemoryType.MemoryFile))
            throw r.Bad($"shared memory has {s.Size} bytes, and none");
        if (s.ObjRef == 0)
            throw r.Bad("shared memory has no reference");
        if (s.Kind is not (SharedMemoryType.Anonymous or SharedMemoryType.MemoryFile or SharedMemoryType.HugePages or SharedMemoryType.SystemV))
            throw r.Bad($"shared memory has the kind {(uint)s.Kind}");
        if (s.Size > AddressPlan.HighestEnd)
            throw r.Bad($"shared memory has {s.Size} bytes");
        if (s.IsHuge && s.Kind != SharedMemoryType.SystemV && s.Size % s.PageBytes != 0 || s.IsHuge && s.Kind == SharedMemoryType.Anonymous)
            throw r.Bad($"shared memory of huge pages has {s.Size} bytes");
        if ((s.Seals & ~KnownSeals) != 0 || (s.Mode & ~0xfffu) != 0)
            throw r.Bad($"shared memory has the seals {s.Seals:x} and the mode {s.Mode:x}");
        return s;
    }
}
