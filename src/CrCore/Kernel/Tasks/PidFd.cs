using Microsoft.Win32.SafeHandles;

namespace CrCore.Kernel;

/// <summary>A descriptor that stands for a process whatever becomes of its number (pidfd_open(2)).</summary>
public sealed unsafe class PidFd : SafeHandleMinusOneIsInvalid
{
    private PidFd(long fd) : base(ownsHandle: true) => SetHandle((nint)fd);

    internal int Number => (int)handle;

    protected override bool ReleaseHandle() => FileNative.Close((int)handle) == 0;

    /// <exception cref="CrKernelException">The process is gone (ESRCH).</exception>
    public static PidFd Open(int pid)
    {
        var r = Libc.Syscall(Sys.pidfd_open, pid);
        return r >= 0 ? new PidFd(r) : throw KernelError.Create("CrPidFdFailed", $"Opening a pidfd of task {pid} failed", Libc.ErrnoOf(r), pid);
    }

    /// <summary>Sends a signal (pidfd_send_signal(2)); 0 only asks. False when the process has been reaped.</summary>
    /// <exception cref="CrKernelException">The signal may not be sent (EPERM) or does not exist (EINVAL).</exception>
    public bool TrySendSignal(int signal)
    {
        var r = Libc.Syscall(Sys.pidfd_send_signal, (int)handle, signal);
        if (r is >= 0 or -(int)Errno.ESRCH)
            return r >= 0;
        throw KernelError.Create("CrPidFdFailed", $"Sending signal {signal} through a pidfd failed", Libc.ErrnoOf(r), 0, $"pidfd {handle}");
    }

    /// <returns>null where there is none: the process is gone, or the table is full.</returns>
    public static PidFd? TryOpen(int pid)
    {
        var r = Libc.Syscall(Sys.pidfd_open, pid);
        return r >= 0 ? new PidFd(r) : null;
    }

    /// <summary>
    /// Gives back memory of a process that has been killed, beside its own end that does the same (process_mrelease(2), Linux
    /// 5.15). A help and no more: whatever keeps it from that, the process does it alone.
    /// </summary>
    public void ReleaseMemory() => Libc.Syscall(Sys.process_mrelease, (int)handle, 0);

    /// <summary>Whether the process has ended, waiting for it at most so long; it may still be a zombie.</summary>
    /// <param name="milliseconds">-1 for no bound, 0 to ask only. A signal to this thread may end the wait early.</param>
    public bool WaitForExit(int milliseconds)
    {
        // struct pollfd { int fd; short events; short revents; }; a pidfd is readable once its process has ended.
        const short readable = 1;
        var watched = stackalloc int[] { (int)handle, readable };
        var r = Libc.Syscall(Sys.poll, (long)watched, 1, milliseconds);
        if (r is >= 0 or -(int)Errno.EINTR)
            return r > 0;
        throw KernelError.Create("CrPidFdFailed", "Waiting for a process failed", Libc.ErrnoOf(r), 0, $"pidfd {handle}");
    }

    /// <summary>
    /// A descriptor of this process onto the open file description behind the process's own (pidfd_getfd(2));
    /// null and the errno when it fails. Needs ptrace access. Not possible for descriptors opened with O_PATH (EBADF).
    /// </summary>
    public OwnDescriptor? TryGet(int fd, out Errno errno)
    {
        var r = Libc.Syscall(Sys.pidfd_getfd, (int)handle, fd);
        errno = Libc.ErrnoOf(r);
        return r >= 0 ? OwnDescriptor.Adopt(r) : null;
    }

    /// <summary>
    /// Asks the open file description behind the process's descriptor through a passing one of this process: cheaper than
    /// by the name below /proc, and it knows more. Errors as of <see cref="TryGet"/>.
    /// </summary>
    internal Errno Look(int fd, out FileStatus status, out SignalOwner owner)
    {
        (status, owner) = (default, default);
        var own = (int)Libc.Syscall(Sys.pidfd_getfd, (int)handle, fd);
        if (own < 0)
            return Libc.ErrnoOf(own);
        var errno = FileStatus.ReadOwn(own, out status);
        owner = SignalOwner.Of(own);
        _ = FileNative.Close(own);
        return errno;
    }
}
