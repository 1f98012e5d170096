using System.Globalization;
using CrCore.Kernel;
using CrCore.Restore;

namespace CrCore.Objects.Files;

/// <summary>Names below /proc/PID of processes that have ended: what has them open, or is in them, keeps them.</summary>
internal static class GoneProcess
{
    private const ulong ProcMagic = 0x9fa0;
    private const string Prefix = "/proc/";

    /// <summary>
    /// Of what cannot be looked at though it is there: /proc/PID/fd of a process that has ended, whose descriptors stat(2)
    /// would count (proc_fd_getattr in fs/proc/fd.c).
    /// </summary>
    public static readonly FileStatus Unseen = new() { Mode = FileStatus.Directory, LinkCount = 2 };

    /// <summary>The pid in a name below /proc, or 0.</summary>
    public static int PidOf(string name)
    {
        if (!name.StartsWith(Prefix, StringComparison.Ordinal))
            return 0;
        var end = name.IndexOf('/', Prefix.Length);
        return int.TryParse(name.AsSpan(Prefix.Length, (end < 0 ? name.Length : end) - Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0;
    }

    /// <summary>Whether the name is of an ended process, as a task sees it.</summary>
    /// <param name="way">Leads to the object, for this program.</param>
    public static bool Has(int viewer, string name, NamePlace place, string way)
        => place is NamePlace.Unlinked or NamePlace.Deleted or NamePlace.Elsewhere && PidOf(name) is > 0 and var pid && FileSystemType.OfPath(way) == ProcMagic && IsGone(viewer, pid);

    public static bool IsGone(int viewer, int pid)
    {
        using var proc = new ProcReader();
        return FileStatus.Read($"{DescriptorReader.MountPrefix(proc, viewer)}{Prefix}{pid}", out _) == Errno.ENOENT;
    }

    /// <summary>
    /// Of a descriptor or a mapping, or of a thread other than the first: not there when a passing process is new. It has the
    /// first thread, and the directories themselves.
    /// </summary>
    public static bool IsOfPart(string name)
    {
        // "", "proc", PID, what of it, …
        ReadOnlySpan<string> parts = name.Split('/');
        parts = parts[Math.Min(3, parts.Length)..];
        if (parts is ["task", var thread, .. var rest])
        {
            if (thread != PidOf(name).ToString(CultureInfo.InvariantCulture))
                return true;
            parts = rest;
        }
        return parts is ["fd" or "fdinfo" or "map_files", _, ..];
    }

    /// <summary>A passing process must be able to have the number.</summary>
    public static void Check(CheckContext context, Image.TaskImage task, string label, int pid)
    {
        if (context.Image.FindTask(pid) is not null)
            context.Refuse(task, "CrPidTaken", label, $"it belonged to an ended process {pid}, whose number a task of the tree has by now", kind: CrErrorKind.NotSupported);
        else if (!context.Namespaces.NewPid && ProcStat.TryRead(context.Proc, pid, out var holder))
            context.Refuse(task, "CrPidTaken", label, $"it belonged to an ended process {pid}, whose number process {pid} ({holder.Comm}) has here", "End that process, or restore into a new pid namespace (-NewPidNamespace).");
    }
}
