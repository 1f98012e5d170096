namespace CrCore.Kernel;

/// <summary>
/// Watches for the end of a process, whoever its parent is (pidfd_open(2)). The number may be used again meanwhile; the
/// watch stays with the process that it was opened on. Not for several threads at once.
/// </summary>
public sealed unsafe class ProcessWatch : IDisposable
{
    private const int PollIn = 1, PollHangUp = 16;
    private const int SliceMilliseconds = 100;

    /// <summary>Slices that a process that has ended is given to be waited for by its parent.</summary>
    private const int SlicesForParent = 20;

    private readonly int _pid;
    private int _fd;

    private ProcessWatch(int pid, int fd) => (_pid, _fd) = (pid, fd);

    /// <summary>Opens a watch on a process, which may have ended but not yet been waited for.</summary>
    /// <exception cref="CrKernelException">CrWatchFailed: there is no such process (ESRCH), or no descriptor is free.</exception>
    public static ProcessWatch Open(int pid)
    {
        // The kernel closes it on exec by itself.
        var fd = Libc.Syscall(Sys.pidfd_open, pid);
        return fd >= 0
            ? new ProcessWatch(pid, (int)fd)
            : throw new CrKernelException("CrWatchFailed", $"Watching process {pid}", Libc.ErrnoOf(fd)) { Pid = pid };
    }

    /// <summary>Waits until the process has ended, and tells how.</summary>
    /// <returns>
    /// The status as wait(2) encodes it; null where it cannot be known: the kernel is older than 6.15 and somebody else
    /// has waited for the process already.
    /// </returns>
    /// <exception cref="OperationCanceledException">The wait was given up; the process is as it was.</exception>
    public int? WaitForEnd(CancellationToken cancel)
    {
        ObjectDisposedException.ThrowIf(_fd < 0, this);
        while ((Poll() & PollIn) == 0)
            cancel.ThrowIfCancellationRequested();
        // It is a zombie now, or gone. The kernel tells the status of those that are gone, /proc that of zombies; one may
        // become the other between two looks.
        for (var slice = 0; slice < SlicesForParent; slice++)
        {
            if ((ExitOfReaped() ?? ExitOfZombie()) is { } status)
                return status;
            if ((Poll() & PollHangUp) != 0)
                return ExitOfReaped();
            cancel.WaitHandle.WaitOne(SliceMilliseconds);
            cancel.ThrowIfCancellationRequested();
        }
        return null;
    }

    public void Dispose()
    {
        if (_fd >= 0)
            _ = FileNative.Close(_fd);
        _fd = -1;
    }

    /// <summary>The events so far, or 0 after a while without any: a pidfd is readable when its process has ended.</summary>
    private int Poll()
    {
        // struct pollfd: int fd; short events, revents
        var entry = stackalloc int[2];
        (entry[0], entry[1]) = (_fd, PollIn);
        var n = Libc.Syscall(Sys.poll, (long)entry, 1, SliceMilliseconds);
        if (n < 0 && Libc.ErrnoOf(n) != Errno.EINTR)
            throw new CrKernelException("CrWatchFailed", $"Waiting for process {_pid}", Libc.ErrnoOf(n)) { Pid = _pid };
        return n > 0 ? entry[1] >> 16 : 0;
    }

    /// <summary>PIDFD_GET_INFO of include/uapi/linux/pidfd.h with PIDFD_INFO_EXIT (Linux 6.15); null before, and for a zombie.</summary>
    private int? ExitOfReaped()
    {
        const long getInfo = 0xc040_ff0b;
        const ulong exit = 1 << 3;
        // struct pidfd_info, its first published size: u64 mask at 0, s32 exit_code at 60.
        var info = stackalloc byte[64];
        new Span<byte>(info, 64).Clear();
        *(ulong*)info = exit;
        var r = Libc.Syscall(Sys.ioctl, _fd, getInfo, (long)info);
        return r >= 0 && (*(ulong*)info & exit) != 0 ? *(int*)(info + 60) : null;
    }

    /// <summary>
    /// What /proc says of the zombie. The number cannot have gone to another process as long as the watch's own is not
    /// waited for, which is looked at afterwards.
    /// </summary>
    private int? ExitOfZombie()
    {
        using var reader = new ProcReader();
        return ProcStat.TryRead(reader, _pid, out var stat) && stat.IsZombie && (Poll() & PollHangUp) == 0 ? stat.ExitCode : null;
    }
}
