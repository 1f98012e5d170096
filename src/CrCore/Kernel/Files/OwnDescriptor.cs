using Microsoft.Win32.SafeHandles;

namespace CrCore.Kernel;

/// <summary>
/// A descriptor of this process: often a second one onto the open file description of another task. What is asked
/// here never moves the description's offset, unless a method says so.
/// </summary>
public sealed unsafe class OwnDescriptor : SafeHandleMinusOneIsInvalid
{
    private const int FGetFl = 3, FSetFl = 4, FDuplicate = 1030, FSetPipeSize = 1031, FGetPipeSize = 1032, FGetSeals = 1034;
    private const int SeekDataWhence = 3, SeekHoleWhence = 4;
    private const int SpliceNonBlock = 2;

    private OwnDescriptor(int fd) : base(ownsHandle: true) => SetHandle(fd);

    public int Number => (int)handle;

    protected override bool ReleaseHandle() => FileNative.Close((int)handle) == 0;

    /// <summary>open(2), always close-on-exec; null and the errno when it fails.</summary>
    public static OwnDescriptor? Open(string path, int flags, out Errno errno)
    {
        var fd = FileNative.Open(FileStatus.PathBytes(path), flags);
        errno = fd < 0 ? KernelError.Last : Errno.None;
        return fd < 0 ? null : new OwnDescriptor(fd);
    }

    /// <summary>A descriptor that a system call has just given to this process.</summary>
    internal static OwnDescriptor Adopt(long fd) => new((int)fd);

    /// <summary>A second descriptor of what a handle of this process stands for (F_DUPFD_CLOEXEC); null and the errno when it is not open.</summary>
    public static OwnDescriptor? TryDuplicate(System.Runtime.InteropServices.SafeHandle handle, out Errno errno)
    {
        errno = Errno.EBADF;
        if (handle.IsClosed || handle.IsInvalid)
            return null;
        var held = false;
        try
        {
            handle.DangerousAddRef(ref held);
            var r = Libc.Syscall(Sys.fcntl, handle.DangerousGetHandle(), FDuplicate, 0);
            errno = Libc.ErrnoOf(r);
            return r < 0 ? null : new OwnDescriptor((int)r);
        }
        finally
        {
            if (held)
                handle.DangerousRelease();
        }
    }

    /// <summary>Both ends of a new pipe, read end first.</summary>
    public static (OwnDescriptor Read, OwnDescriptor Write) MakePipe()
    {
        var ends = stackalloc int[2];
        var r = Libc.Syscall(Sys.pipe2, (long)ends, FileNative.O_CLOEXEC);
        if (r < 0)
            throw KernelError.Create("CrPipeFailed", "Making a pipe failed", Libc.ErrnoOf(r));
        return (new OwnDescriptor(ends[0]), new OwnDescriptor(ends[1]));
    }

    /// <summary>F_GETPIPE_SZ in bytes, or −errno.</summary>
    public long PipeSize => Fcntl(FGetPipeSize, 0);

    /// <summary>F_SETPIPE_SZ; the size in bytes that the pipe got, or −errno (EPERM beyond /proc/sys/fs/pipe-max-size).</summary>
    public long SetPipeSize(long bytes) => Fcntl(FSetPipeSize, bytes);

    /// <summary>F_GETFL: status flags and access mode, or −errno.</summary>
    public long StatusFlags => Fcntl(FGetFl, 0);

    public long SetStatusFlags(long flags) => Fcntl(FSetFl, flags);

    /// <summary>F_GET_SEALS, or −errno (EINVAL for a file that cannot have seals).</summary>
    public long Seals => Fcntl(FGetSeals, 0);

    /// <summary>FIONREAD: bytes that could be read from a pipe, socket or terminal, or −errno.</summary>
    public long Available
    {
        get
        {
            var count = 0;
            var r = Libc.Syscall(Sys.ioctl, Number, 0x541b, (long)&count);
            return r < 0 ? r : count;
        }
    }

    /// <summary>
    /// How the process behind a pidfd ended, as wait(2) tells it, once somebody has waited for it; null where the kernel does
    /// not tell (PIDFD_GET_INFO with PIDFD_INFO_EXIT, Linux 6.15).
    /// </summary>
    public int? ProcessExitStatus
    {
        get
        {
            // struct pidfd_info of include/uapi/linux/pidfd.h: a mask first, exit_code last of the first 64 bytes.
            const int exit = 8, exitCodeAt = 15;
            const uint getInfo = 0xc040ff0b;
            var info = stackalloc int[16];
            new Span<int>(info, 16).Clear();
            info[0] = exit;
            var r = Libc.Syscall(Sys.ioctl, Number, getInfo, (long)info);
            return r >= 0 && (info[0] & exit) != 0 ? info[exitCodeAt] : null;
        }
    }

    /// <summary>The events that poll(2) reports at once, also those not asked for (POLLERR 8, POLLHUP 16).</summary>
    public int PollNow(int events) => Poll(events, 0);

    /// <summary>As <see cref="PollNow"/>, but waits for one; 0 when none came in time.</summary>
    public int Poll(int events, int milliseconds)
    {
        // struct pollfd { int fd; short events; short revents; }
        var p = stackalloc int[2];
        p[0] = Number;
        p[1] = events & 0xffff;
        var r = Libc.Syscall(Sys.poll, (long)p, 1, milliseconds);
        return r <= 0 ? 0 : (p[1] >> 16) & 0xffff;
    }

    /// <summary>Copies what is in this pipe into another without taking it (tee(2)); bytes, or −errno.</summary>
    public long Tee(OwnDescriptor into, long bytes) => Libc.Syscall(Sys.tee, Number, into.Number, bytes, SpliceNonBlock);

    /// <summary>timerfd_gettime(2) for its side effect: a periodic timer that has run out is set to its next time.</summary>
    public Errno ReadTimer()
    {
        TimerSpec time;
        return Libc.ErrnoOf(Libc.Syscall(Sys.timerfd_gettime, Number, (long)&time));
    }

    /// <summary>read(2): moves the offset, takes from a pipe. Bytes, or −errno.</summary>
    public long Read(Span<byte> buffer)
    {
        fixed (byte* p = buffer)
            return Libc.Syscall(Sys.read, Number, (long)p, buffer.Length);
    }

    /// <summary>write(2). Bytes, or −errno.</summary>
    public long Write(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* p = bytes)
            return Libc.Syscall(Sys.write, Number, (long)p, bytes.Length);
    }

    /// <summary>pread64(2). Bytes, or −errno.</summary>
    public long ReadAt(Span<byte> buffer, long offset)
    {
        fixed (byte* p = buffer)
            return Libc.Syscall(Sys.pread64, Number, (long)p, buffer.Length, offset);
    }

    /// <summary>pwrite64(2). Bytes, or −errno.</summary>
    public long WriteAt(ReadOnlySpan<byte> bytes, long offset)
    {
        fixed (byte* p = bytes)
            return Libc.Syscall(Sys.pwrite64, Number, (long)p, bytes.Length, offset);
    }

    public Errno Truncate(long size) => Libc.ErrnoOf(Libc.Syscall(Sys.ftruncate, Number, size));

    public Errno ChangeMode(uint mode) => Libc.ErrnoOf(Libc.Syscall(Sys.fchmod, Number, mode));

    public Errno ChangeOwner(uint uid, uint gid) => Libc.ErrnoOf(Libc.Syscall(Sys.fchown, Number, uid, gid));

    /// <summary>futimens(3): nanoseconds since 1970.</summary>
    public Errno SetTimes(long accessedNs, long modifiedNs)
    {
        var times = stackalloc long[4];
        (times[0], times[1]) = Split(accessedNs);
        (times[2], times[3]) = Split(modifiedNs);
        return Libc.ErrnoOf(Libc.Syscall(Sys.utimensat, Number, 0, (long)times, 0));

        static (long, long) Split(long ns)
        {
            var s = Math.DivRem(ns, 1_000_000_000, out var rest);
            return rest < 0 ? (s - 1, rest + 1_000_000_000) : (s, rest);
        }
    }

    /// <summary>SEEK_DATA: the next stored byte at or after <paramref name="offset"/>, or −ENXIO. Moves the offset.</summary>
    public long SeekData(long offset) => Libc.Syscall(Sys.lseek, Number, offset, SeekDataWhence);

    /// <summary>SEEK_HOLE: the next hole (or the end). Moves the offset.</summary>
    public long SeekHole(long offset) => Libc.Syscall(Sys.lseek, Number, offset, SeekHoleWhence);

    private long Fcntl(int command, long argument) => Libc.Syscall(Sys.fcntl, Number, command, argument);
}
