using CrCore.Image;

namespace CrCore.Kernel;

/// <summary>The links of a task to the files that it stands on.</summary>
public enum TaskLink
{
    /// <summary>/proc/PID/cwd.</summary>
    WorkingDirectory,
    /// <summary>/proc/PID/root.</summary>
    Root,
    /// <summary>/proc/PID/exe; kernel threads and zombies have none.</summary>
    Executable,
}

/// <summary>/proc/PID/cwd, root and exe (proc_pid_cwd(5) and its like).</summary>
public static class ProcLinks
{
    /// <summary>
    /// Reads the path that a link leads to, relative to the reader's root; false when the task or the link is gone. A file
    /// without a name ends in " (deleted)", but a name may end so, too: the link count of its status decides.
    /// </summary>
    /// <exception cref="CrKernelException">No ptrace access to the task (EACCES).</exception>
    public static bool TryRead(ProcReader reader, TaskDir dir, TaskLink link, out string target)
    {
        target = "";
        var name = link switch
        {
            TaskLink.WorkingDirectory => "cwd"u8,
            TaskLink.Root => "root"u8,
            _ => "exe"u8,
        };
        if (!reader.TryReadLink(dir, name, out var path))
            return false;
        target = LinuxText.Decode(path);
        return true;
    }
}
