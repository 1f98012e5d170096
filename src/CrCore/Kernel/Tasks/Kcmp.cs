namespace CrCore.Kernel;

/// <summary>What kcmp(2) compares (include/uapi/linux/kcmp.h).</summary>
public enum KcmpType
{
    /// <summary>Open file descriptions behind two descriptors.</summary>
    File = 0,
    /// <summary>Address spaces.</summary>
    Vm = 1,
    /// <summary>Descriptor tables.</summary>
    Files = 2,
    /// <summary>Working directory, root and umask.</summary>
    Fs = 3,
    /// <summary>Signal actions.</summary>
    SignalHandlers = 4,
    /// <summary>I/O contexts.</summary>
    Io = 5,
    /// <summary>System V semaphore undo lists.</summary>
    SemaphoreUndo = 6,
}

/// <summary>kcmp(2): whether two tasks share an object of the kernel.</summary>
public static unsafe class Kcmp
{
    private const int EpollTarget = 7;

    /// <summary>An order of the kernel's objects that stays the same until the next boot (kptr_obfuscate in kernel/kcmp.c), so it can sort. Zombies have no objects but their signal actions; two that have none are the same.</summary>
    /// <returns>0 for the same object, else negative or positive.</returns>
    /// <exception cref="CrKernelException">A task or descriptor is gone, or this process may not look (ptrace access to both).</exception>
    public static int Compare(int pid1, int pid2, KcmpType type, int fd1 = 0, int fd2 = 0)
    {
        var r = Libc.Syscall(Sys.kcmp, pid1, pid2, (long)type, fd1, fd2);
        return r switch
        {
            0 => 0,
            1 => -1,
            2 => 1,
            _ => throw KernelError.Create("CrKcmpFailed", $"Comparing tasks {pid1} and {pid2} by kcmp ({type} {fd1}, {fd2}) failed",
                     r < 0 ? Libc.ErrnoOf(r) : Errno.EINVAL, pid1),
        };
    }

    /// <summary>
    /// Whether the description behind a descriptor is a target of an epoll instance (KCMP_EPOLL_TFD). The number that
    /// the target was added under may be closed or mean another file by now.
    /// </summary>
    /// <param name="target">That number, as the tfd line of fdinfo tells it.</param>
    /// <param name="offset">Which of several targets under one number, from 0.</param>
    /// <exception cref="CrKernelException">There is no such target (ENOENT), or as for <see cref="Compare"/>.</exception>
    public static bool IsEpollTarget(int pid, int fd, int epollPid, int epollFd, int target, int offset)
    {
        // struct kcmp_epoll_slot { __u32 efd; __u32 tfd; __u32 toff; }
        var slot = stackalloc int[] { epollFd, target, offset };
        var r = Libc.Syscall(Sys.kcmp, pid, epollPid, EpollTarget, fd, (long)slot);
        return r >= 0 ? r == 0 : throw KernelError.Create("CrKcmpFailed", "Comparing a target of epoll with kcmp failed",
            Libc.ErrnoOf(r), epollPid, $"fd {epollFd}, target {target}");
    }

    /// <summary>Whether both tasks share the object.</summary>
    public static bool Same(int pid1, int pid2, KcmpType type) => pid1 == pid2 || Compare(pid1, pid2, type) == 0;
}
