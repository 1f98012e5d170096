namespace CrCore.Kernel;

/// <summary>One page as /proc/PID/pagemap tells it (Documentation/admin-guide/mm/pagemap.rst).</summary>
/// <param name="Bits">The 64 bits of the file.</param>
public readonly record struct PagemapEntry(ulong Bits)
{
    private const ulong Present = 1UL << 63, Swapped = 1UL << 62, FileOrShared = 1UL << 61, Guard = 1UL << 58, Exclusive = 1UL << 56;
    private const ulong PlaceMask = (1UL << 55) - 1;

    /// <summary>
    /// Frame number, or place in swap. 0 where the kernel does not show it: that takes CAP_SYS_ADMIN in the initial user namespace.
    /// </summary>
    public ulong Place => Bits & PlaceMask;

    /// <summary>A private page that another address space may have, too: not mapped by this one alone, or in swap.</summary>
    public bool MayBeShared => (Bits & (Present | Swapped)) != 0 && (Bits & (FileOrShared | Guard | Exclusive)) == 0;

    /// <summary>Both in memory or both in swap, at the same place.</summary>
    public bool IsSamePlaceAs(PagemapEntry other)
        => ((Bits ^ other.Bits) & (Present | Swapped | PlaceMask)) == 0;
}
