using CrCore.Kernel;

namespace CrCore.Objects.Memory;

/// <summary>From a saved mapping's flags to the arguments that make it again.</summary>
internal static class MappingFlags
{
    private const long MapShared = 0x01, MapPrivate = 0x02, MapDroppable = 0x08, MapAnonymous = 0x20, MapGrowsDown = 0x100,
        MapNoReserve = 0x4000, MapFixedNoReplace = 0x10_0000;

    /// <summary>Flags with their advice for madvise(2) (include/uapi/asm-generic/mman-common.h).</summary>
    private static readonly (VmFlags Flag, int Advice)[] Advices =
    [
        (VmFlags.RandomRead, 1), (VmFlags.SequentialRead, 2), (VmFlags.DontCopy, 10), (VmFlags.Mergeable, 12),
        (VmFlags.HugePage, 14), (VmFlags.NoHugePage, 15), (VmFlags.DontDump, 16), (VmFlags.WipeOnFork, 18),
    ];

    /// <summary>MADV_GUARD_INSTALL, Linux 6.13.</summary>
    public const int GuardInstall = 102;

    /// <summary>The flags of mmap(2).</summary>
    public static long OfMmap(VmaRecord vma)
    {
        var flags = MapFixedNoReplace;
        if ((vma.Flags & VmFlags.Droppable) != 0)
            flags |= MapDroppable;
        else
            flags |= vma.IsShared ? MapShared : MapPrivate;
        if (vma.Kind == VmaType.Anonymous)
            flags |= MapAnonymous;
        if (vma.IsHuge && vma.Kind == VmaType.Anonymous)
            flags |= HugePageSize.OfMmap(vma.PageShift);
        if ((vma.Flags & VmFlags.GrowsDown) != 0)
            flags |= MapGrowsDown;
        if ((vma.Flags & VmFlags.NoReserve) != 0)
            flags |= MapNoReserve;
        return flags;
    }

    /// <summary>
    /// Memory that was written and is not writable any more (relocated read-only data, code of a compiler): it is
    /// accounted, and neighbours that were never written are not. The kernel accounts what is mapped writable, and keeps
    /// it where pages were written (mprotect_fixup in mm/mprotect.c); so these rights are taken when the pages are in.
    /// Those of huge pages, too, which nobody can write to past the rights (check_vma_flags in mm/gup.c).
    /// </summary>
    public static bool IsProtectedLate(VmaRecord vma)
        => vma.HasPrivatePages && (vma.Protection & MemoryProtection.Write) == 0
        && (vma.IsHuge || (vma.Kind is VmaType.Anonymous or VmaType.File) && (vma.Flags & VmFlags.Account) != 0);

    /// <summary>The rights while pages are filled in.</summary>
    public static MemoryProtection WhileFilling(VmaRecord vma)
        => IsProtectedLate(vma) ? vma.Protection | MemoryProtection.Read | MemoryProtection.Write : vma.Protection;

    /// <summary>How many calls of madvise(2) a mapping needs.</summary>
    public static int CountAdvices(VmaRecord vma)
    {
        var count = 0;
        foreach (var advice in OfMadvise(vma))
            count += advice != 0 ? 1 : 0;
        return count;
    }

    /// <summary>The advice that a mapping was given. MAP_DROPPABLE implies some of it.</summary>
    public static IEnumerable<int> OfMadvise(VmaRecord vma)
    {
        var flags = vma.Flags;
        if ((flags & VmFlags.Droppable) != 0)
            flags &= ~(VmFlags.WipeOnFork | VmFlags.DontDump);
        foreach (var (flag, advice) in Advices)
            if ((flags & flag) != 0)
                yield return advice;
    }
}
