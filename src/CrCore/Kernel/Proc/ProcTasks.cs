namespace CrCore.Kernel;

/// <summary>The threads of a process and the children of a thread, as the kernel lists them at that moment.</summary>
public static class ProcTasks
{
    /// <summary>
    /// Adds the thread ids of a process (/proc/PID/task), the leader first. A list read while threads come and go may
    /// miss some: repeat it with the process frozen. False when the process is gone.
    /// </summary>
    public static bool TryListThreads(ProcReader reader, int pid, ICollection<int> tids)
        => reader.TryListNumbers(pid, "task"u8, tids);

    /// <summary>
    /// Adds the pids of the children that a thread made or took over (/proc/PID/task/TID/children,
    /// proc_tid_children(5); needs CONFIG_PROC_CHILDREN). A child belongs to one thread of its parent, so every
    /// thread has to be asked, and only a frozen parent's list is sure to be whole. False when the thread is gone.
    /// </summary>
    public static bool TryListChildren(ProcReader reader, int pid, int tid, ICollection<int> children)
    {
        var dir = new TaskDir(pid, tid);
        if (!reader.TryRead(dir, "children"u8, out var text))
            return false;
        var cursor = new TextCursor(text);
        for (cursor.SkipBlanks(); !cursor.AtEnd; cursor.SkipBlanks())
        {
            children.Add(cursor.Int32());
            if (cursor.Failed)
                throw KernelError.BadText($"{dir}/children", tid);
        }
        return true;
    }

    /// <summary>Adds the pid of every process that /proc shows (threads are not listed).</summary>
    /// <exception cref="CrKernelException">/proc cannot be listed.</exception>
    public static void ListAll(ProcReader reader, ICollection<int> pids)
    {
        if (!reader.TryListNumbers(default, default, pids))
            throw KernelError.FromLast("CrProcReadFailed", "Listing /proc failed", 0, "/proc", "Mount procfs at /proc.");
    }
}
