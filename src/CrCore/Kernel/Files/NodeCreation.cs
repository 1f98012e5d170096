namespace CrCore.Kernel;

/// <summary>Makes what open(2) does not: directories, links, devices, FIFOs and sockets without a socket.</summary>
internal static unsafe class NodeCreation
{
    /// <summary>mkdir(2), with the permissions given less the umask.</summary>
    public static Errno Directory(string path, uint mode) => Call(Sys.mkdir, path, mode);

    /// <summary>mknod(2).</summary>
    /// <param name="mode">Type and permissions.</param>
    /// <param name="device">As stat(2) gives it, which is the kernel's own form of 32 bits (new_decode_dev).</param>
    public static Errno Node(string path, uint mode, ulong device) => Call(Sys.mknod, path, mode, (uint)device);

    /// <summary>symlink(2).</summary>
    public static Errno SymbolicLink(string target, string path) => Call(Sys.symlink, target, path);

    /// <summary>link(2); symbolic links are not followed.</summary>
    public static Errno Link(string existing, string path) => Call(Sys.link, existing, path);

    private static Errno Call(Sys call, string path, long a, long b = 0)
    {
        fixed (byte* p = FileStatus.PathBytes(path))
            return Libc.ErrnoOf(Libc.Syscall(call, (long)p, a, b));
    }

    private static Errno Call(Sys call, string first, string second)
    {
        fixed (byte* a = FileStatus.PathBytes(first), b = FileStatus.PathBytes(second))
            return Libc.ErrnoOf(Libc.Syscall(call, (long)a, (long)b));
    }
}
