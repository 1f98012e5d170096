using System.Globalization;
using System.Text;

namespace CrCore.Kernel;

/// <summary>Writes files of proc(5) that set something of a task. Errors are <see cref="CrKernelException"/> with id <c>CrProcWriteFailed</c>.</summary>
public static class ProcWriter
{
    /// <summary>−1000 … 1000; below the lowest value that the task ever had needs CAP_SYS_RESOURCE (proc_pid_oom_score_adj(5)).</summary>
    public static void SetOomScoreAdjustment(int pid, int value) => Write(pid, "oom_score_adj"u8, value.ToString(CultureInfo.InvariantCulture));

    /// <summary>Which mappings a core dump holds (core(5)).</summary>
    public static void SetCoreDumpFilter(int pid, uint bits) => Write(pid, "coredump_filter"u8, $"0x{bits:x}");

    /// <summary>The nice value of the task's autogroup (sched(7)): below 0 needs CAP_SYS_NICE, and an ordinary user has to wait between two writes (EAGAIN).</summary>
    public static void SetAutogroupNice(int pid, int nice) => Write(pid, "autogroup"u8, nice.ToString(CultureInfo.InvariantCulture));

    /// <summary>uid_map, gid_map or setgroups of the task's user namespace (user_namespaces(7)): each can be written once.</summary>
    public static void SetUserNamespace(int pid, string file, string text) => Write(pid, Encoding.ASCII.GetBytes(file), text);

    /// <summary>timens_offsets of the time namespace that the task has for its children (time_namespaces(7)).</summary>
    public static void SetTimeOffsets(int pid, string text) => Write(pid, "timens_offsets"u8, text);

    private static void Write(int pid, ReadOnlySpan<byte> name, string text)
    {
        var path = new ProcPath(stackalloc byte[ProcPath.Size], pid, name);
        var fd = FileNative.Open(path.Terminated, FileNative.O_WRONLY);
        if (fd < 0)
            throw KernelError.FromLast("CrProcWriteFailed", $"Opening {path.ToString()} for writing failed", pid, path.ToString());
        try
        {
            // One write: these files take their number from a single call.
            if (FileNative.Write(fd, Encoding.ASCII.GetBytes(text)) < 0)
                throw KernelError.FromLast("CrProcWriteFailed", $"Writing {text} to {path.ToString()} failed", pid, path.ToString());
        }
        finally
        {
            _ = FileNative.Close(fd);
        }
    }
}
