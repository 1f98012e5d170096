namespace CrCore.Kernel;

/// <summary>Work in the network namespace of another task, or in a new one.</summary>
public static class NetworkNamespace
{
    private const string Name = "network", ErrorId = "CrNetworkNamespace";

    /// <summary>Runs <paramref name="work"/> where the task's network is. Sockets made there stay of that namespace.</summary>
    /// <exception cref="CrKernelException">The namespace may not be entered (EPERM), or the task is gone.</exception>
    public static T Run<T>(ProcReader proc, int pid, Func<T> work)
        => NamespaceThread.Run(proc, pid, NamespaceKind.Network, CloneFlags.NewNet, Name, ErrorId, work);

    /// <summary>Runs <paramref name="work"/> in a new network namespace, which is gone afterwards.</summary>
    /// <exception cref="CrKernelException">EPERM: it takes CAP_SYS_ADMIN.</exception>
    public static T RunInNew<T>(Func<T> work) => NamespaceThread.InThread(Name, () =>
    {
        var r = Libc.ErrnoOf(Libc.Syscall(Sys.unshare, (long)CloneFlags.NewNet));
        if (r != Errno.None)
            throw KernelError.Create(ErrorId, "Making a network namespace", r, 0, null, "Run with CAP_SYS_ADMIN.");
    }, work);
}
