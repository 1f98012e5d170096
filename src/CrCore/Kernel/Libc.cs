using System.Runtime.InteropServices;

namespace CrCore.Kernel;

/// <summary>
/// System calls by number, through libc's <c>syscall</c>(2), for those that have no wrapper or whose wrapper does more.
/// The result is the call's own, or the negated errno.
/// </summary>
internal static unsafe partial class Libc
{
    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long RawSyscall(long nr, long a, long b, long c, long d, long e, long f);

    /// <returns>The result, or −errno.</returns>
    public static long Syscall(Sys nr, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0)
    {
        var r = RawSyscall((long)nr, a, b, c, d, e, f);
        return r == -1 ? -Marshal.GetLastPInvokeError() : r;
    }

    /// <summary>The errno in a negated result, or None.</summary>
    public static Errno ErrnoOf(long result) => result is < 0 and >= -4095 ? (Errno)(-result) : Errno.None;
}
