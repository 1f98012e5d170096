namespace CrCore.Kernel;

/// <summary>Owner, permissions and times of a file of any type, through a descriptor that may be of O_PATH.</summary>
public static unsafe class NodeAttributes
{
    private const int AtEmptyPath = 0x1000;

    /// <summary>
    /// All of them, in the one order that keeps them: a change of owner clears set-user-ID bits, so it comes before the permissions; and the
    /// times come last.
    /// </summary>
    /// <param name="mode">Type and permissions: a symbolic link has none to set.</param>
    /// <param name="failed">What could not be set, for messages.</param>
    internal static Errno Set(OwnDescriptor file, uint mode, uint uid, uint gid, long accessedNs, long modifiedNs, out string failed)
    {
        failed = "owner";
        var errno = SetOwner(file, uid, gid);
        if (errno != Errno.None)
            return errno;
        failed = "permissions";
        if ((mode & FileStatus.TypeMask) != FileStatus.SymbolicLink && (errno = SetMode(file, mode & 0xfff)) != Errno.None)
            return errno;
        failed = "times";
        return SetTimes(file, accessedNs, modifiedNs);
    }

    public static Errno SetOwner(OwnDescriptor file, uint uid, uint gid)
    {
        byte empty = 0;
        return Libc.ErrnoOf(Libc.Syscall(Sys.fchownat, file.Number, (long)&empty, uid, gid, AtEmptyPath));
    }

    /// <summary>Through /proc: fchmod(2) wants an opened file. Not for symbolic links, which have no permissions.</summary>
    public static Errno SetMode(OwnDescriptor file, uint mode)
    {
        fixed (byte* path = FileStatus.PathBytes($"/proc/self/fd/{file.Number}"))
            return Libc.ErrnoOf(Libc.Syscall(Sys.chmod, (long)path, mode));
    }

    /// <summary>Nanoseconds since 1970; AT_EMPTY_PATH is known to utimensat(2) since Linux 5.8.</summary>
    public static Errno SetTimes(OwnDescriptor file, long accessedNs, long modifiedNs)
    {
        byte empty = 0;
        var times = stackalloc long[4];
        (times[0], times[1]) = Split(accessedNs);
        (times[2], times[3]) = Split(modifiedNs);
        return Libc.ErrnoOf(Libc.Syscall(Sys.utimensat, file.Number, (long)&empty, (long)times, AtEmptyPath));
    }

    private static (long, long) Split(long ns)
    {
        var s = Math.DivRem(ns, 1_000_000_000, out var rest);
        return rest < 0 ? (s - 1, rest + 1_000_000_000) : (s, rest);
    }
}
