using System.Runtime.InteropServices;

namespace CrCore.Kernel;

/// <summary>What PAGEMAP_SCAN tells of a page: PAGE_IS_* of linux/fs.h.</summary>
[Flags]
public enum PageCategories : ulong
{
    None = 0,
    WriteProtectAllowed = 1 << 0,
    Written = 1 << 1,
    /// <summary>Of a file or shared memory and not a private copy.</summary>
    File = 1 << 2,
    Present = 1 << 3,
    /// <summary>Not present but not empty: in swap, being migrated, or a marker such as a guard page.</summary>
    Swapped = 1 << 4,
    /// <summary>The shared zero page: read but never written.</summary>
    ZeroPage = 1 << 5,
    Huge = 1 << 6,
    SoftDirty = 1 << 7,
    /// <summary>A guard page (MADV_GUARD_INSTALL); it is Swapped, too. Reported by kernels from 6.16 on.</summary>
    Guard = 1 << 8,
}

/// <summary>A run of pages with the same categories: struct page_region of linux/fs.h.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct PageRegion(ulong Start, ulong End, PageCategories Categories)
{
    /// <summary>Size in bytes.</summary>
    public ulong Length => End - Start;
}

/// <summary>
/// Which pages a scan gives. A page matches when, after the bits of <see cref="Inverted"/> are turned round, it has
/// all bits of <see cref="Required"/> and, unless <see cref="AnyOf"/> is empty, one of those
/// (Documentation/admin-guide/mm/pagemap.rst).
/// </summary>
/// <param name="Returned">Categories that the regions tell; neighbours that differ in none of these are one region.</param>
public readonly record struct PageFilter(PageCategories Required, PageCategories AnyOf, PageCategories Inverted, PageCategories Returned)
{
    /// <summary>Pages with contents of the address space's own: written private memory, not file pages, zero pages or guard pages.</summary>
    public static PageFilter PrivateContents { get; } = new(
        PageCategories.File | PageCategories.ZeroPage | PageCategories.Guard,
        PageCategories.Present | PageCategories.Swapped,
        PageCategories.File | PageCategories.ZeroPage | PageCategories.Guard,
        PageCategories.None);

    /// <summary>Every page that holds something, guard pages left out.</summary>
    public static PageFilter Populated { get; } = new(
        PageCategories.Guard,
        PageCategories.Present | PageCategories.Swapped,
        PageCategories.Guard,
        PageCategories.Present | PageCategories.Swapped | PageCategories.File | PageCategories.ZeroPage);

    /// <summary>Pages that a userfaultfd protects from being written to (UFFDIO_WRITEPROTECT).</summary>
    public static PageFilter WriteProtected { get; } = new(
        PageCategories.Written | PageCategories.Guard,
        PageCategories.Present | PageCategories.Swapped,
        PageCategories.Written | PageCategories.Guard,
        PageCategories.None);

    /// <summary>Guard pages (MADV_GUARD_INSTALL). A kernel before 6.16 cannot tell them: <see cref="PagemapScanner.TellsGuardPages"/>.</summary>
    public static PageFilter Guards { get; } = new(PageCategories.Guard, 0, 0, PageCategories.Guard);

    internal PageFilter Without(PageCategories categories)
        => new(Required & ~categories, AnyOf & ~categories, Inverted & ~categories, Returned & ~categories);
}

/// <summary>The argument of PAGEMAP_SCAN: struct pm_scan_arg of linux/fs.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct PmScanArg
{
    /// <summary>_IOWR('f', 16, struct pm_scan_arg).</summary>
    public const nuint Request = 0xC060_6610;

    public ulong Size;
    public ulong Flags;
    public ulong Start;
    public ulong End;
    public ulong WalkEnd;
    public PageRegion* Vec;
    public ulong VecLen;
    public ulong MaxPages;
    public PageCategories CategoryInverted;
    public PageCategories CategoryMask;
    public PageCategories CategoryAnyOfMask;
    public PageCategories ReturnMask;
}
