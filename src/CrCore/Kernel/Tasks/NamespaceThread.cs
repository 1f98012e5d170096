using System.Runtime.ExceptionServices;

namespace CrCore.Kernel;

/// <summary>Work in a namespace of another task.</summary>
internal static class NamespaceThread
{
    /// <summary>
    /// Runs <paramref name="work"/> where the task is: at once if that is this program's namespace, else in a thread of its own,
    /// which goes there (setns(2)) and ends.
    /// </summary>
    /// <param name="name">Of the kind of namespace, for people.</param>
    /// <exception cref="CrKernelException">The namespace may not be entered (EPERM), or the task is gone.</exception>
    public static T Run<T>(ProcReader proc, int pid, NamespaceKind kind, CloneFlags flag, string name, string errorId, Func<T> work)
    {
        if (ProcNamespaces.TryRead(proc, pid, kind, out var theirs)
            && ProcNamespaces.TryRead(proc, Environment.ProcessId, kind, out var own) && theirs == own)
            return work();
        return InThread(name, () => Enter(pid, kind, flag, name, errorId), work);
    }

    /// <summary>Runs <paramref name="work"/> in a thread of its own, which enters a namespace first, and ends.</summary>
    public static T InThread<T>(string name, Action enter, Func<T> work)
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
        { Name = $"CrModule {name} namespace", IsBackground = true };
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result;
    }

    private static void Enter(int pid, NamespaceKind kind, CloneFlags flag, string name, string errorId)
    {
        var path = $"/proc/{pid}/ns/{System.Text.Encoding.ASCII.GetString(ProcNamespaces.FileName(kind))}";
        using var ns = OwnDescriptor.Open(path, FileNative.O_RDONLY, out var errno)
            ?? throw KernelError.Create(errorId, $"Opening the {name} namespace of task {pid}", errno, pid, path);
        var r = Libc.ErrnoOf(Libc.Syscall(Sys.setns, ns.Number, (long)flag));
        if (r != Errno.None)
            throw KernelError.Create(errorId, $"Entering the {name} namespace of task {pid}", r, pid, path,
                "Run with CAP_SYS_ADMIN, or from inside of that namespace.");
    }
}
