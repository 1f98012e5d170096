namespace CrCore.Kernel;

/// <summary>Calls that read or set something of another task by its number. The Try methods return false when it is gone.</summary>
public static unsafe class TaskCalls
{
    /// <summary>The head and size of a thread's robust futex list (get_robust_list(2)); a head of 0 is none set. Needs ptrace access.</summary>
    public static bool TryGetRobustList(int tid, out ulong head, out ulong length)
    {
        ulong h = 0, n = 0;
        var found = Check(Libc.Syscall(Sys.get_robust_list, tid, (long)(&h), (long)(&n)), "Reading the robust list", tid);
        head = h;
        length = n;
        return found;
    }

    /// <summary>Reads a limit with prlimit(2); another user's process needs CAP_SYS_RESOURCE, and <see cref="ProcLimits"/> does not.</summary>
    public static bool TryGetLimit(int pid, ResourceKind kind, out RLimit64 limit)
    {
        RLimit64 old;
        var found = Check(Libc.Syscall(Sys.prlimit64, pid, (long)kind, 0, (long)(&old)), $"Reading the {kind} limit", pid);
        limit = found ? old : default;
        return found;
    }

    /// <exception cref="CrKernelException">EPERM: a raise of the hard limit without CAP_SYS_RESOURCE.</exception>
    public static bool TrySetLimit(int pid, ResourceKind kind, RLimit64 limit)
        => Check(Libc.Syscall(Sys.prlimit64, pid, (long)kind, (long)(&limit)), $"Setting the {kind} limit", pid);

    private static bool Check(long result, string doing, int pid)
    {
        if (result >= 0)
            return true;
        return result == -(int)Errno.ESRCH
            ? false
            : throw KernelError.Create("CrTaskCallFailed", $"{doing} of task {pid} failed", Libc.ErrnoOf(result), pid);
    }
}
