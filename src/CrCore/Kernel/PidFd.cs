using Microsoft.Win32.SafeHandles;

namespace CrCore.Kernel;

/// <summary>A descriptor that stands for a process whatever becomes of its number (pidfd_open(2)).</summary>
public sealed class PidFd : SafeHandleMinusOneIsInvalid
{
    private PidFd(long fd) : base(ownsHandle: true) => SetHandle((nint)fd);

    protected override bool ReleaseHandle() => FileNative.Close((int)handle) == 0;

    /// <exception cref="CrKernelException">The process is gone (ESRCH).</exception>
    public static PidFd Open(int pid)
    {
        var r = Libc.Syscall(Sys.pidfd_open, pid);
        return r >= 0 ? new PidFd(r) : throw KernelError.Create("PidFdFailed", $"Opening a pidfd of task {pid} failed", Libc.ErrnoOf(r), pid);
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
}
