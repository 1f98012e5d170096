using CrCore.Kernel;

namespace CrCore.Checkpoint;

/// <summary>How the pages of a range are to be taken.</summary>
[Flags]
public enum PageRangeModes
{
    /// <summary>Pages are found in the page tables, and those of zeros are left out.</summary>
    None = 0,
    /// <summary>A file lies beneath: a page of zeros is content, too.</summary>
    KeepZeros = 1,
    /// <summary>The mapping cannot be read with its own rights: go through /proc/PID/mem.</summary>
    Unreadable = 2,
    /// <summary>The page tables do not tell which pages hold something (shared memory): take every page.</summary>
    Unscanned = 4,
    /// <summary>A copy of the address space has not got it (MADV_DONTFORK, MADV_WIPEONFORK), or making one would be noticed (userfaultfd(2)).</summary>
    NotCopied = 8,
    /// <summary>
    /// Other address spaces may have the same pages: go through /proc/PID/mem. process_vm_readv(2) would give this one pages of
    /// its own first (gup_must_unshare in mm/internal.h), which takes memory, and twice the time.
    /// </summary>
    Shared = 16,
    /// <summary>Stored for each task, whoever has the same: huge pages (hugetlbfs), which are mapped as one task's each, and not by parts.</summary>
    NeverShared = 32,
    /// <summary>Pages of zeros that were only read are content, too: whether one is there makes a difference (userfaultfd(2)).</summary>
    EveryPage = 64,
}

/// <summary>A range of pages of a <see cref="PageSource"/>.</summary>
/// <param name="Pid">A task in whose address space it is seen.</param>
/// <param name="Start">First address there.</param>
/// <param name="End">First address after the range.</param>
/// <param name="Target">What the page blocks name for <paramref name="Start"/>: the address itself, or the offset in a shared object.</param>
/// <param name="Modes">How they are taken.</param>
public readonly record struct PageRange(int Pid, ulong Start, ulong End, ulong Target, PageRangeModes Modes);

/// <summary>An address space or shared-memory object whose pages are to be written, in one of two ways.</summary>
/// <param name="objRef">What the page blocks name.</param>
public sealed class PageSource(uint objRef) : IDisposable
{
    /// <summary>What the page blocks name: the address space's or the shared memory's reference.</summary>
    public uint ObjRef { get; } = objRef;

    /// <summary>Where its pages are seen in tasks; no two overlap by their targets.</summary>
    public List<PageRange> Ranges { get; } = [];

    /// <summary>Memory that others may write to, too: copies of address spaces do not hold it still.</summary>
    public bool IsShared { get; init; }

    /// <summary>Pages left out of <see cref="Ranges"/> because they are those of another source.</summary>
    public long SharedPages { get; set; }

    /// <summary>The object itself, opened for reading: it is read instead of <see cref="Ranges"/>.</summary>
    public OwnDescriptor? File { get; init; }

    /// <inheritdoc/>
    public void Dispose() => File?.Dispose();
}
