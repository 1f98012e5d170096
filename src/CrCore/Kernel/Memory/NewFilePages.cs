using Microsoft.Win32.SafeHandles;

namespace CrCore.Kernel;

/// <summary>
/// Gives a file in memory (tmpfs) new pages with their contents past the file's own lock, which a write holds from its first
/// page to its last: by UFFDIO_COPY (userfaultfd(2)) into a mapping of the file. Several threads do so at the same time.
/// </summary>
internal sealed unsafe class NewFilePages : IDisposable
{
    /// <summary>Bytes of a file that are within reach: room for the largest, of which nothing but an address range is used.</summary>
    private const long Reach = 1L << 40;

    private const int ProtReadWrite = 3, MapShared = 1, MapNoReserve = 0x4000;
    private const int MadvDontNeed = 4, MadvDontFork = 10;

    private readonly OwnDescriptor _descriptor;
    private readonly long _base;

    private NewFilePages(OwnDescriptor descriptor, long @base) => (_descriptor, _base) = (descriptor, @base);

    /// <returns>null where the kernel or a limit (RLIMIT_AS, a filter of system calls) lets this process have none.</returns>
    public static NewFilePages? TryOpen(SafeFileHandle file)
    {
        if (UserFaultFd.TryOpen(UserFaultFd.UserModeOnly, features: 0, out _) is not { } descriptor)
            return null;
        var at = Libc.Syscall(Sys.mmap, 0, Reach, ProtReadWrite, MapShared | MapNoReserve, (long)file.DangerousGetHandle(), 0);
        if (Libc.ErrnoOf(at) != Errno.None)
        {
            descriptor.Dispose();
            return null;
        }
        var pages = new NewFilePages(descriptor, at);
        // A child of this process has no use for the mapping.
        Libc.Syscall(Sys.madvise, at, Reach, MadvDontFork);
        if (UserFaultFd.Control(descriptor, UffdRegister.Request, new UffdRegister { Start = (ulong)at, Length = Reach, Mode = UffdRegister.Missing }) == Errno.None)
            return pages;
        pages.Dispose();
        return null;
    }

    /// <summary>Puts pages where the file has none yet. They must lie before its end (shmem_mfill_atomic_pte in mm/shmem.c).</summary>
    /// <param name="offset">A multiple of the page size.</param>
    /// <returns>Bytes that were put, fewer where the kernel stopped: a page was there, the file is full or ends there.</returns>
    public int Put(long offset, ReadOnlySpan<byte> pages)
    {
        if (offset + pages.Length > Reach)
            return 0;
        var done = UserFaultFd.Copy(_descriptor, (ulong)(_base + offset), pages);
        // The file keeps them; here they would only count as this process' memory.
        Libc.Syscall(Sys.madvise, _base + offset, pages.Length, MadvDontNeed);
        return done;
    }

    public void Dispose()
    {
        Libc.Syscall(Sys.munmap, _base, Reach);
        _descriptor.Dispose();
    }
}
