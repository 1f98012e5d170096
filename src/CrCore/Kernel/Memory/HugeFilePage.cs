using Microsoft.Win32.SafeHandles;

namespace CrCore.Kernel;

/// <summary>
/// Huge pages for files in memory (tmpfs), by MADV_COLLAPSE (madvise(2), Linux 6.1): whatever the mount's own option says
/// (Documentation/admin-guide/mm/transhuge.rst), unless they are denied to all.
/// </summary>
internal static unsafe class HugeFilePage
{
    /// <summary>Bytes of a huge page on x86-64, and what its place in the file must be a multiple of.</summary>
    public const int Size = 2 << 20;

    private const int ProtNone = 0, ProtRead = 1, ProtWrite = 2, MapShared = 1, MapPrivate = 2, MapFixed = 0x10, MapAnonymous = 0x20, MapNoReserve = 0x4000;
    private const int MadvCollapse = 25;

    /// <summary>Whether files in memory may have any on this kernel.</summary>
    public static bool IsPossible => TransparentHugePages.Size == Size;

    /// <summary>
    /// Puts one huge page beneath a part of the file, with what the part holds already, the rest of it zeros. The part must not be
    /// empty (collapse_file in mm/khugepaged.c takes that for a file that was cut off). The file's length stays.
    /// </summary>
    /// <param name="offset">A multiple of <see cref="Size"/>.</param>
    public static Errno Make(SafeFileHandle file, long offset)
    {
        // As much again, for a place of which the address is a multiple, too.
        var room = Libc.Syscall(Sys.mmap, 0, 2 * Size, ProtNone, MapPrivate | MapAnonymous | MapNoReserve, -1, 0);
        if (room is < 0 and >= -4095)
            return Libc.ErrnoOf(room);
        var at = (room + Size - 1) & ~(Size - 1L);
        var r = Libc.Syscall(Sys.mmap, at, Size, ProtRead | ProtWrite, MapShared | MapFixed, (long)file.DangerousGetHandle(), offset);
        if (r == at)
            r = Libc.Syscall(Sys.madvise, at, Size, MadvCollapse);
        Libc.Syscall(Sys.munmap, room, 2 * Size);
        return Libc.ErrnoOf(r);
    }
}
