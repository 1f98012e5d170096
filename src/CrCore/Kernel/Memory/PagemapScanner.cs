using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CrCore.Kernel;

/// <summary>
/// Walks over the pages of one address space with the PAGEMAP_SCAN ioctl of /proc/PID/pagemap (Linux 6.7;
/// Documentation/admin-guide/mm/pagemap.rst). The descriptor keeps naming the address space it was opened on, also
/// after an execve; one that has ended scans as empty. Holes and pages never touched have no category. A scan of a
/// running process is no snapshot. Not for several threads at once.
/// </summary>
public sealed unsafe partial class PagemapScanner : IDisposable
{
    private const ulong PageSize = 4096;

    private readonly SafeFileHandle _pagemap;
    private readonly int _pid;

    private PagemapScanner(SafeFileHandle pagemap, int pid)
    {
        _pagemap = pagemap;
        _pid = pid;
        // A category that the kernel does not know is EINVAL (pagemap_scan_get_args in fs/proc/task_mmu.c).
        var probe = NewArgument(0, 0, PageFilter.Guards);
        TellsGuardPages = Scan(ref probe, []) >= 0;
        if (!TellsGuardPages && KernelError.Last != Errno.EINVAL)
            throw Failure(probe);
    }

    /// <summary>Whether this kernel tells guard pages; else a filter that names <see cref="PageCategories.Guard"/> is used without it.</summary>
    public bool TellsGuardPages { get; }

    /// <summary>Opens the pagemap of a process; null when it is gone or a zombie (as root; an ordinary user gets EACCES for a zombie).</summary>
    /// <exception cref="CrKernelException">No ptrace access (EACCES), or the kernel lacks PAGEMAP_SCAN (ENOTTY).</exception>
    public static PagemapScanner? TryOpen(int pid)
    {
        var path = new ProcPath(stackalloc byte[ProcPath.Size], pid, "pagemap"u8);
        var fd = FileNative.Open(path.Terminated, FileNative.O_RDONLY);
        if (fd < 0)
        {
            if (KernelError.Last is Errno.ENOENT or Errno.ESRCH)
                return null;
            throw KernelError.FromLast("CrPagemapScanFailed", $"Opening {path.ToString()} failed", pid, path.ToString());
        }
        var handle = new SafeFileHandle(fd, ownsHandle: true);
        try
        {
            return new PagemapScanner(handle, pid);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Fills <paramref name="regions"/> with the next matching runs of [<paramref name="start"/>, <paramref name="end"/>)
    /// and returns how many; moves <paramref name="start"/> to where the next call goes on. The range is done when it
    /// reaches <paramref name="end"/>; a call may give 0 regions before that.
    /// </summary>
    /// <param name="start">Page-aligned address.</param>
    /// <param name="end">Page-aligned address, at most the end of the user's part (0x7ffffffff000): [vsyscall] lies outside.</param>
    /// <param name="maxPages">At most so many pages are given in one call; 0 for no bound.</param>
    /// <exception cref="CrKernelException">The range is not valid or the kernel refused.</exception>
    public int ScanNext(ref ulong start, ulong end, in PageFilter filter, Span<PageRegion> regions, ulong maxPages = 0)
    {
        if (start >= end)
            return 0;
        var used = TellsGuardPages ? filter : filter.Without(PageCategories.Guard);
        var arg = NewArgument(start, end, used);
        arg.MaxPages = maxPages;
        var count = Scan(ref arg, regions);
        if (count < 0)
            throw Failure(arg);
        start = arg.WalkEnd;
        return count;
    }

    /// <summary>Gives every matching run of a range in ascending order, fetched in batches. Runs that meet at the edge of a batch are joined.</summary>
    /// <param name="maxPages">At most so many pages a batch, whose runs are not joined with the next one's: the first come early. 0 for no bound.</param>
    public RegionEnumerable Scan(ulong start, ulong end, PageFilter filter, ulong maxPages = 0) => new(this, start, end, filter, maxPages);

    /// <summary>Reads what the file tells of pages that follow one another.</summary>
    /// <param name="start">Address of the first.</param>
    /// <exception cref="CrKernelException">The kernel refused, or the addresses are no user's.</exception>
    public void ReadEntries(ulong start, Span<PagemapEntry> entries)
    {
        var bytes = MemoryMarshal.AsBytes(entries);
        var at = (long)(start / PageSize * sizeof(ulong));
        fixed (byte* p = bytes)
            for (var done = 0; done < bytes.Length;)
            {
                var n = PRead(_pagemap, p + done, (nuint)(bytes.Length - done), at + done);
                if (n < 0 && KernelError.Last == Errno.EINTR)
                    continue;
                if (n < 0)
                    throw KernelError.FromLast("CrPagemapScanFailed", "Reading the pagemap failed", _pid, $"{start:x}");
                // An address space that has ended has no pages.
                if (n == 0)
                {
                    bytes[done..].Clear();
                    break;
                }
                done += (int)n;
            }
    }

    public void Dispose() => _pagemap.Dispose();

    private static PmScanArg NewArgument(ulong start, ulong end, in PageFilter filter) => new()
    {
        Size = (ulong)sizeof(PmScanArg),
        Start = start,
        End = end,
        CategoryMask = filter.Required,
        CategoryAnyOfMask = filter.AnyOf,
        CategoryInverted = filter.Inverted,
        ReturnMask = filter.Returned,
    };

    private int Scan(ref PmScanArg arg, Span<PageRegion> regions)
    {
        fixed (PageRegion* vec = regions)
        fixed (PmScanArg* a = &arg)
        {
            // Without a vector the kernel takes the call as one that only changes flags; give it one even if unused.
            PageRegion unused;
            a->Vec = vec is null ? &unused : vec;
            a->VecLen = vec is null ? 1 : (ulong)regions.Length;
            return Ioctl(_pagemap, PmScanArg.Request, a);
        }
    }

    private CrKernelException Failure(in PmScanArg arg) => KernelError.FromLast(
        "CrPagemapScanFailed", "Scanning the pages failed", _pid, $"{arg.Start:x}-{arg.End:x}",
        KernelError.Last == Errno.ENOTTY ? "PAGEMAP_SCAN needs Linux 6.7 or newer." : null);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Ioctl(SafeFileHandle fd, nuint request, PmScanArg* arg);

    [LibraryImport("libc", EntryPoint = "pread64", SetLastError = true)]
    private static partial nint PRead(SafeFileHandle fd, byte* buffer, nuint size, long offset);
}
