namespace CrCore.Kernel;

/// <summary>Owner, permissions and times of a file of any type, through a descriptor that may be of O_PATH.</summary>
public static unsafe class NodeAttributes
{
    private const int AtEmptyPath = 0x1000;

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
