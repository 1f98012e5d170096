using CrCore.Checkpoint;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Namespaces;

/// <summary>
/// A proc on /proc for the time of a restore, in a mount namespace that has none there: much of a tree is made again by names below it.
/// Whatever of the tree's lies on or below /proc is out of sight meanwhile.
/// </summary>
internal static class PassingProc
{
    public const string Point = "/proc";

    private const ulong NoSuid = 2, NoDev = 4, NoExec = 8;
    private const int MntDetach = 2, MsMove = 0x2000;

    /// <summary>On the last of the other mounts, and while this machine's proc can be seen: without it nobody in a user namespace may mount one.</summary>
    public static void Mount(SyscallBatch batch)
        => batch.Must("mount for the time of the restore", Point, Sys.mount, batch.Text("proc"), batch.Text(Point), batch.Text("proc"), NoSuid | NoDev | NoExec, 0);

    /// <summary>
    /// In a copy of the namespace, before what that one has of its own is made: out of the way, over the root, where no path leads. There it
    /// still lets a user namespace mount proc.
    /// </summary>
    public static void SetAside(SyscallBatch batch)
        => batch.Must("set aside", Point, Sys.mount, batch.Text(Point), batch.Text("/"), 0, MsMove, 0);

    /// <summary>The end of one that was set aside.</summary>
    public static void RemoveSetAside(SyscallBatch batch)
        => batch.Must("unmount what was set aside from", Point, Sys.umount2, batch.Text("/.."), MntDetach);

    /// <summary>When no task needs it any more; the tasks themselves have given up the right to do it.</summary>
    public static void RemoveAtRelease(RestoreContext context)
        => context.AtRelease.Add(() =>
        {
            using var passing = new PassingEntry();
            var root = context.Root.Pid;
            if (passing.Enter(root, context.InUserNamespace) is var errno && errno != Errno.None)
                throw new CrKernelException("CrMountFailed", $"Entering the mount namespace of task {root} to unmount {Point} there", errno);
            var batch = new SyscallBatch();
            batch.Must("unmount after the restore", Point, Sys.umount2, batch.Text(Point), MntDetach);
            passing.Run(batch);
        });

    /// <summary>Why none can be mounted there; null when one can, or need not.</summary>
    public static string? Verdict(IReadOnlyList<MountEntry> mounts, int root)
    {
        var last = mounts.LastOrDefault(m => MountTable.Below(m.MountPoint, Point) is not null);
        if (last is { FileSystem: "proc", MountPoint: Point })
            return null;
        if (mounts.FirstOrDefault(m => MountTable.Below(Point, m.MountPoint) is not null) is { } there)
            return $"{there.FileSystem} is mounted on {there.MountPoint}";
        return FileStatus.Read(OwnNamespaces.MountRoot(root) + Point, out var status, follow: false) == Errno.None && status.IsDirectory ? null : "there is no directory /proc";
    }

    /// <summary>What a task without proc has open on or below /proc would be looked for in the passing one.</summary>
    public static void InspectTask(InspectContext context, LiveTask task)
    {
        Look(TaskLink.WorkingDirectory, "working directory");
        Look(TaskLink.Root, "root directory");
        foreach (var path in DirectoryNames.All($"/proc/{task.Pid}/fd"))
            if (int.TryParse(path.AsSpan(path.LastIndexOf('/') + 1), out var fd) && ProcFd.TryReadTarget(context.Proc, task.Pid, fd, out var name))
                Refuse($"descriptor {fd}", name);

        void Look(TaskLink link, string what)
        {
            if (ProcLinks.TryRead(context.Proc, task.Pid, link, out var name))
                Refuse(what, name);
        }

        void Refuse(string what, string name)
        {
            if (MountTable.Below(Point, name) is not null)
                context.Refuse(task, "CrMountNotSaved", what, $"it is {name}, and a restore needs a proc of its own on {Point}, for nothing of that type is mounted there in the tree's mount namespace", "Mount proc there, or let the program close it.");
        }
    }
}
