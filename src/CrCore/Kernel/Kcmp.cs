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
public static class Kcmp
{
    /// <summary>An order of the kernel's objects that stays the same until the next boot (kptr_obfuscate in kernel/kcmp.c), so it can sort.</summary>
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
            _ => throw KernelError.Create("KcmpFailed", $"Comparing tasks {pid1} and {pid2} by kcmp ({type} {fd1}, {fd2}) failed",
                     r < 0 ? Libc.ErrnoOf(r) : Errno.EINVAL, pid1),
        };
    }

    /// <summary>Whether both tasks share the object.</summary>
    public static bool Same(int pid1, int pid2, KcmpType type) => pid1 == pid2 || Compare(pid1, pid2, type) == 0;
}
