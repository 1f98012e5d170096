using CrCore.Image;

namespace CrCore.Objects.Memory;

/// <summary>What kind of shared memory an object is.</summary>
public enum SharedMemoryType : uint
{
    /// <summary>mmap(2) with MAP_SHARED and MAP_ANONYMOUS.</summary>
    Anonymous = 1,
    /// <summary>memfd_create(2).</summary>
    MemoryFile = 2,
    /// <summary>As <see cref="Anonymous"/>, with MAP_HUGETLB: pages of 2 MiB.</summary>
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

    public const uint SealSeal = 0x1, SealShrink = 0x2, SealGrow = 0x4, SealWrite = 0x8, SealFutureWrite = 0x10, SealExec = 0x20;

    public short Type => MemoryIds.SharedMemory;
    public uint Parent => 0;

    public uint ObjRef { get; init; }

    public SharedMemoryType Kind { get; init; }

    /// <summary>In bytes; a memfd's need not be a multiple of the page size. 0 where it is not known: as far as its mappings reach.</summary>
    public ulong Size { get; init; }

    /// <summary>F_SEAL_* of fcntl(2).</summary>
    public uint Seals { get; init; }

    /// <summary>Permissions of a memfd (0777 by default, 0666 with MFD_NOEXEC_SEAL).</summary>
    public uint Mode { get; init; }

    /// <summary>The name of a memfd, without "memfd:".</summary>
    public string Name { get; init; } = "";

    public void Write(ref FieldWriter w)
    {
        w.U32(ObjRef);
        w.U32((uint)Kind);
        w.U64(Size);
        w.U32(Seals);
        w.U32(Mode);
        w.Text(Name);
    }

    public static SharedMemoryRecord Read(uint parent, ref FieldReader r)
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
        if (s.ObjRef == 0)
            throw r.Bad("shared memory has no reference");
        if (s.Kind is not (SharedMemoryType.Anonymous or SharedMemoryType.MemoryFile or SharedMemoryType.HugePages or SharedMemoryType.SystemV))
            throw r.Bad($"shared memory has the kind {(uint)s.Kind}");
        if (s.Size > AddressPlan.HighestEnd)
            throw r.Bad($"shared memory has {s.Size} bytes");
        if (s.Kind == SharedMemoryType.HugePages && s.Size % MappingFlags.HugePageBytes != 0)
            throw r.Bad($"shared memory of huge pages has {s.Size} bytes");
        if ((s.Seals & ~KnownSeals) != 0 || (s.Mode & ~0xfffu) != 0)
            throw r.Bad($"shared memory has the seals {s.Seals:x} and the mode {s.Mode:x}");
        return s;
    }
}
