using System.Globalization;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Files;

/// <summary>
/// Files and directories below /proc/PID of a process that has ended: reading them says ESRCH. They are opened again while
/// a passing process has that number.
/// </summary>
public sealed class ProcGoneKind : IDescriptorKind
{
    private const ulong ProcMagic = 0x9fa0;
    private const string Prefix = "/proc/";

    public IReadOnlyList<FdType> Types { get; } = [FdType.ProcGone];

    public bool Claims(Descriptor d) => !d.IsPathOnly && d.Place is NamePlace.Unlinked or NamePlace.Elsewhere && PidOf(d.Name) is > 0 and var pid
        && FileSystemType.OfDescriptor(d.Pid, d.Fd) == ProcMagic && IsGone(d.TaskPid, pid);

    private static bool IsGone(int viewer, int pid)
    {
        using var proc = new ProcReader();
        return FileStatus.Read($"{DescriptorReader.MountPrefix(proc, viewer)}{Prefix}{pid}", out _) == Errno.ENOENT;
    }

    public void Inspect(DescriptorInspection inspection, Descriptor d)
    {
        // Those of a thread, or of a descriptor, are not there when a passing process is new.
        if (d.Name.Contains("/task/", StringComparison.Ordinal) || d.Name.Contains("/fd", StringComparison.Ordinal) || d.Name.Contains("/map_files/", StringComparison.Ordinal))
            inspection.Refuse(d, "CrProcGone", $"it belongs to a thread, descriptor or mapping of process {PidOf(d.Name)}, which has ended", "Let the program close it first.");
    }

    public SavedForm Capture(DescriptorCapture capture, Descriptor d) => new(FdType.ProcGone, d.Name);

    public void Check(CheckContext context, SavedDescription saved)
    {
        var pid = Require(saved);
        if (context.Image.FindTask(pid) is not null)
            context.Refuse(saved.Task, "CrPidTaken", saved.Label, $"it belonged to an ended process {pid}, whose number a task of the tree has by now", kind: CrErrorKind.NotSupported);
        else if (!context.Namespaces.NewPid && ProcStat.TryRead(context.Proc, pid, out var holder))
            context.Refuse(saved.Task, "CrPidTaken", saved.Label, $"it belonged to an ended process {pid}, whose number process {pid} ({holder.Comm}) has here", "End that process, or restore into a new pid namespace (-NewPidNamespace).");
    }

    public Action? Restore(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        DeadProcesses.Of(server.Context).MakeAs(Require(saved));
        server.Open(saved, saved.Name, OpenFlags.Reopening(saved.Data.Flags) & ~OpenFlags.NoFollow, batch);
        return null;
    }

    public void Link(DescriptorServer server, SavedDescription saved, SyscallBatch batch) => DeadProcesses.Of(server.Context).End();

    private static int Require(SavedDescription saved) => PidOf(saved.Name) is > 0 and var pid ? pid
        : throw new CrImageException("CrImageBadFiles", $"The image is broken: {saved.Task}: {saved.Label} belongs to no process.", saved.Task.Offset, "The image is damaged or was not written by this format; take another copy.");

    private static int PidOf(string name)
    {
        if (!name.StartsWith(Prefix, StringComparison.Ordinal))
            return 0;
        var end = name.IndexOf('/', Prefix.Length);
        return int.TryParse(name.AsSpan(Prefix.Length, (end < 0 ? name.Length : end) - Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0;
    }
}
