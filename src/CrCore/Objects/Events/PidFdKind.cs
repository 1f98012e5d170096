using System.Globalization;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Events;

/// <summary>pidfd_open(2) descriptors: of tasks of the tree, zombies too, and of processes that have ended and were waited for.</summary>
internal sealed class PidFdKind : IDescriptorKind
{
    /// <summary>PIDFD_THREAD is O_EXCL.</summary>
    private const uint OfThread = OpenFlags.Exclusive;

    public IReadOnlyList<FdType> Types { get; } = [FdType.PidFd];

    public IEnumerable<RecordType> Records => [new(EventRecordIds.PidFd, "PIDFD", PidFdRecord.Read, PidFdRecord.PayloadSize)];

    public bool Claims(Descriptor d) => d.Name == "anon_inode:[pidfd]";

    public void Inspect(DescriptorInspection inspection, Descriptor d)
    {
        if (PidOf(d) is not { } pid || pid < 0)
        {
            if (PidOf(d) is null)
                inspection.Refuse(d, "CrPidFdUntold", "the kernel does not tell which process it is of", "Use a kernel built with CONFIG_PROC_FS.");
            return;
        }
        if (inspection.Context.Tasks.ContainsKey(pid))
            return;
        foreach (var task in inspection.Context.Tasks.Values)
            if (task.Tids.Contains(pid))
            {
                if (d.IsHeld || IsReferredTo(inspection, d))
                    inspection.Refuse(d, "CrPidFdThread", $"it is of thread {pid} of task {task.Pid}, and another task has the same open file, or an epoll instance watches it, or it is in flight, which cannot be saved yet", "Let the program close it first.");
                return;
            }
        inspection.Refuse(d, "CrPidFdOutside", $"it is of process {pid}, which is not a task of the tree", "Checkpoint that process, too, or let the program close the pidfd.");
    }

    /// <summary>Threads come last of all: what is of one is opened in its own place then, where nothing else may lead to it.</summary>
    private static bool IsReferredTo(DescriptorInspection inspection, Descriptor d)
    {
        foreach (var other in inspection.All)
            if (other.Status.Inode == d.Status.Inode && other.Name == d.Name && other.Pid != d.Pid && IsSame(other, d))
                return true;
            else if (other.Name == "anon_inode:[eventpoll]")
                foreach (var target in EpollTarget.Of(other))
                    if (target.Inode == d.Status.Inode)
                        return true;
        return false;
    }

    private static bool IsSame(Descriptor a, Descriptor b)
    {
        try
        {
            return Kcmp.Compare(a.Pid, b.Pid, KcmpType.File, a.Fd, b.Fd) == 0;
        }
        catch (CrKernelException e) when (e.Errno is Errno.EBADF or Errno.ESRCH)
        {
            // Closed meanwhile.
            return false;
        }
    }

    public SavedForm Capture(DescriptorCapture capture, Descriptor d)
    {
        if (PidOf(d) is not { } pid)
            throw new CrTargetException("CrPidFdUntold", $"Task {d.Pid}: the kernel does not tell which process {d.Label} is of.") { Pid = d.Pid, Object = d.Label };
        if (pid < 0)
        {
            using var own = capture.Borrow(d);
            return Saved(new(0, capture.Shared.Reference(("ended process", d.Status.Device, d.Status.Inode), out _), own.ProcessExitStatus ?? 0));
        }
        var vpid = capture.ToVPid(pid);
        return vpid != 0 ? Saved(new(vpid, 0, 0))
            : throw new CrTargetException("CrPidFdOutside", $"Task {d.Pid}: {d.Label} is of process {pid}, which is not a task of the tree.", "Checkpoint that process, too, or let the program close the pidfd.") { Pid = d.Pid, Object = d.Label };

        SavedForm Saved(PidFdRecord record) => new(FdType.PidFd, d.Name, Records: [record]);
    }

    public void Check(CheckContext context, SavedDescription saved)
    {
        var record = Require(saved);
        if (record.VPid != 0 && context.Image.FindTask(record.VPid) is null && FindThread(context.Image, record.VPid) is null)
            throw new CrImageException("CrImageBadFiles", $"The image is broken: {saved.Task}: {saved.Label} is of task {record.VPid}, which is not there.", saved.Task.Offset, "The image is damaged or was not written by this format; take another copy.");
    }

    public Action? Restore(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        var record = Require(saved);
        var vpid = record.VPid;
        if (vpid == 0)
        {
            var ended = server.Context.States.Get<Ended>().VPids;
            if (!ended.TryGetValue(record.Ended, out vpid))
                ended.Add(record.Ended, vpid = DeadProcesses.Of(server.Context).Make(record.Status));
        }
        else if (FindThread(server.Context.Image, vpid) is { IsLeader: false } thread)
        {
            // Its number is taken by its process's until ThreadPidFdsKind can open it.
            DescriptorServer.Move(batch, saved.Label, batch.Must("open a pidfd", saved.Label, Sys.pidfd_open, thread.Task.VPid, 0), server.NumberOf(saved));
            return null;
        }
        DescriptorServer.Move(batch, saved.Label, batch.Must("open a pidfd", saved.Label, Sys.pidfd_open, vpid, saved.Data.Flags & (OpenFlags.NonBlock | OfThread)), server.NumberOf(saved));
        return null;
    }

    public void Link(DescriptorServer server, SavedDescription saved, SyscallBatch batch) => DeadProcesses.Of(server.Context).End();

    /// <summary>−1 for a process that was waited for (pidfd_show_fdinfo in fs/pidfs.c).</summary>
    private static int? PidOf(Descriptor d) => int.TryParse(d.Detail("Pid"), CultureInfo.InvariantCulture, out var pid) && pid != 0 ? pid : null;

    /// <summary>The thread with a number, or null.</summary>
    internal static ThreadImage? FindThread(ImageModel image, int vtid)
    {
        foreach (var task in image.Tasks)
            foreach (var thread in task.Threads)
                if (thread.VTid == vtid)
                    return thread;
        return null;
    }

    private static PidFdRecord Require(SavedDescription saved) => saved.Get<PidFdRecord>() ?? throw EventImage.Missing(saved, "PIDFD");

    private sealed class Ended
    {
        /// <summary>The passing process for each ended one.</summary>
        public Dictionary<uint, int> VPids { get; } = [];
    }
}
