using System.Runtime.InteropServices;

namespace CrHarness.Kernel;

/// <summary>The few calls that the harness needs beside /proc. It shares none with the engine that it judges.</summary>
internal static class Native
{
    /// <summary>PAGEMAP_SCAN, include/uapi/linux/fs.h: _IOWR('f', 16, struct pm_scan_arg).</summary>
    public const ulong PagemapScan = 0xC0606610;

    [StructLayout(LayoutKind.Sequential)]
    public struct ScanArg
    {
        public ulong Size, Flags, Start, End, WalkEnd, Vec, VecLen, MaxPages, CategoryInverted, CategoryMask, CategoryAnyOf, ReturnMask;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct PageRegion
    {
        public ulong Start, End, Categories;
    }

    [DllImport("libc", SetLastError = true)]
    public static extern int kill(int pid, int signal);

    [DllImport("libc", SetLastError = true)]
    public static extern int ioctl(int fd, ulong request, ref ScanArg argument);

    [DllImport("libc", SetLastError = true)]
    public static extern int ioctl(int fd, ulong request, byte[] argument);

    [DllImport("libc", SetLastError = true)]
    public static extern int open([MarshalAs(UnmanagedType.LPStr)] string path, int flags);

    [DllImport("libc", SetLastError = true)]
    public static extern int close(int fd);

    [DllImport("libc", SetLastError = true)]
    public static extern int pipe2(int[] ends, int flags);

    [DllImport("libc", SetLastError = true)]
    public static extern nint tee(int from, int to, nint length, uint flags);

    [DllImport("libc", SetLastError = true)]
    public static extern nint read(int fd, byte[] buffer, nint count);

    [DllImport("libc", SetLastError = true)]
    public static extern int fcntl(int fd, int command, long argument);

    [DllImport("libc", SetLastError = true)]
    public static extern int fcntl(int fd, int command, byte[] argument);

    [DllImport("libc", SetLastError = true)]
    public static extern int getsockopt(int fd, int level, int name, byte[] value, ref int length);

    [DllImport("libc", SetLastError = true)]
    public static extern int setns(int fd, int kind);

    [DllImport("libc", SetLastError = true)]
    public static extern long lseek(int fd, long offset, int whence);

    [DllImport("libc", SetLastError = true)]
    public static extern long syscall(long number, long a, long b, long c, long d, long e);

    public const long Tgkill = 234, Kcmp = 312, PidfdOpen = 434, PidfdGetfd = 438, IoprioGet = 252;
}
