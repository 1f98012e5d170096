namespace CrCore.Kernel;

/// <summary>Work in the IPC namespace of another task (ipc_namespaces(7)).</summary>
public static class IpcNamespace
{
    public const string ErrorId = "CrIpcNamespace";

    /// <summary>Runs <paramref name="work"/> where the task's System V objects and message queues are.</summary>
    /// <exception cref="CrKernelException">The namespace may not be entered (EPERM), or the task is gone.</exception>
    public static T Run<T>(ProcReader proc, int pid, Func<T> work)
        => NamespaceThread.Run(proc, pid, NamespaceKind.Ipc, CloneFlags.NewIpc, "IPC", ErrorId, work);
}
