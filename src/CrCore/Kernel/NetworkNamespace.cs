using System.Runtime.ExceptionServices;

namespace CrCore.Kernel;

/// <summary>Work in the network namespace of another task.</summary>
public static class NetworkNamespace
{
    /// <summary>
    /// Runs <paramref name="work"/> where the task's network is: at once if that is this program's, else in a thread of its own,
    /// which goes there (setns(2)) and ends. Sockets made there stay of that namespace.
    /// </summary>
    /// <exception cref="CrKernelException">The namespace may not be entered (EPERM), or the task is gone.</exception>
    public static T Run<T>(ProcReader proc, int pid, Func<T> work)
    {
        if (ProcNamespaces.TryRead(proc, pid, NamespaceKind.Network, out var theirs)
            && ProcNamespaces.TryRead(proc, Environment.ProcessId, NamespaceKind.Network, out var own) && theirs == own)
            return work();
        return InThread(() => Enter(pid), work);
    }

    /// <summary>Runs <paramref name="work"/> in a new network namespace, which is gone afterwards.</summary>
    /// <exception cref="CrKernelException">EPERM: it takes CAP_SYS_ADMIN.</exception>
    public static T RunInNew<T>(Func<T> work) => InThread(() =>
    {
        var r = Libc.ErrnoOf(Libc.Syscall(Sys.unshare, (long)CloneFlags.NewNet));
        if (r != Errno.None)
            throw KernelError.Create("CrNetworkNamespace", "Making a network namespace", r, 0, null, "Run with CAP_SYS_ADMIN.");
    }, work);

    private static T InThread<T>(Action enter, Func<T> work)
    {
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                enter();
                result = work();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        })
        { Name = "CrModule network namespace", IsBackground = true };
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result;
    }

    private static void Enter(int pid)
    {
        var path = $"/proc/{pid}/ns/net";
        using var ns = OwnDescriptor.Open(path, FileNative.O_RDONLY, out var errno)
            ?? throw KernelError.Create("CrNetworkNamespace", $"Opening the network namespace of task {pid}", errno, pid, path);
        var r = Libc.ErrnoOf(Libc.Syscall(Sys.setns, ns.Number, (long)CloneFlags.NewNet));
        if (r != Errno.None)
            throw KernelError.Create("CrNetworkNamespace", $"Entering the network namespace of task {pid}", r, pid, path,
                "Run with CAP_SYS_ADMIN, or from inside of that namespace.");
    }
}
