namespace CrCore.Kernel;

/// <summary>Which tasks have a list of System V semaphore adjustments (SEM_UNDO of semop(2)); nothing shows what is in it.</summary>
public static class UndoLists
{
    /// <summary>
    /// Those of <paramref name="tids"/> that have one. A thread that has just left its own (CLONE_SYSVSEM of unshare(2)) has none, and by
    /// kcmp(2) none is the same as none.
    /// </summary>
    /// <exception cref="CrKernelException">A task is gone, or this process may not look.</exception>
    public static HashSet<int> Holders(IReadOnlyList<int> tids) => NamespaceThread.InThread("undo list", static () =>
    {
        var r = Libc.Syscall(Sys.unshare, (long)CloneFlags.SysVSem);
        if (r < 0)
            throw KernelError.Create("CrSystemVFailed", "Leaving the list of semaphore adjustments failed", Libc.ErrnoOf(r));
    }, () =>
    {
        var holders = new HashSet<int>();
        var own = (int)Libc.Syscall(Sys.gettid);
        foreach (var tid in tids)
            if (Kcmp.Compare(own, tid, KcmpType.SemaphoreUndo) != 0)
                holders.Add(tid);
        return holders;
    });
}
