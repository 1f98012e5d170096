using CrCore.Checkpoint;
using CrCore.Kernel;

namespace CrCore.Objects.Namespaces;

/// <summary>What preflight finds out about the mount namespaces of a tree beside its root's. Touches nothing.</summary>
internal static class FurtherInspection
{
    private const string Apart = "Checkpoint the part of the tree that has it by itself.";

    public static void Inspect(InspectContext context, FurtherMounts further, LiveTask task)
    {
        if (further.OwnerOf(task.Pid) is not (var owner and not 0))
            return;
        if (owner == task.Pid)
            InspectNamespace(context, further, task);
        foreach (var tid in task.Tids)
        {
            InspectDirectory(context, further, task, tid, "cwd", "working directory");
            InspectDirectory(context, further, task, tid, "root", "root directory");
        }
        if (task.Parent is { } parent && further.OwnerOf(parent.Pid) == owner && SharesFs(parent.Pid, task.Pid))
            context.Refuse(task, "CrSharedFs", "working directory", "it is shared with the task's parent (CLONE_FS) in a mount namespace beside the root's, which is not saved yet", Apart);
    }

    private static void InspectNamespace(InspectContext context, FurtherMounts further, LiveTask task)
    {
        if (ProcNamespaces.TryRead(context.Proc, task.Pid, NamespaceKind.Mount, out var theirs) && ProcNamespaces.TryRead(context.Proc, Environment.ProcessId, NamespaceKind.Mount, out var own) && theirs == own)
        {
            context.Refuse(task, "CrNamespacesDiffer", "namespaces", "its mount namespace is this program's, and the one of the tree's root is another, which is not saved yet", Apart);
            return;
        }
        if (OwnNamespaces.ReadFurtherTable(context.Proc, context.Root.Pid, task.Pid) is not { } table)
        {
            context.Refuse(task, "CrRootFileSystem", "mount namespace", "it is not the one of the tree's root, and the first task in it or the root has another root directory than its mount namespace (chroot), from where not all mounts can be seen", Apart);
            return;
        }
        foreach (var m in table.Unsaved)
            Refuse(context, task, m, "neither the mounts of the tree's root nor the others there show it; such a file system is not saved yet");
        if (table.Mounts.LastOrDefault(m => MountTable.Below(m.Entry.MountPoint, "/proc") is not null)?.Entry is not { FileSystem: "proc", MountPoint: "/proc" })
            context.Refuse(task, "CrMountNotSaved", "mount namespace", "nothing of the type proc is mounted on /proc in it, and a restore needs that", "Mount proc there.");
        foreach (var m in table.Mounts)
            if (m.Origin == MountOrigin.New && further.IsShownElsewhere(task.Pid, m.Entry))
                Refuse(context, task, m.Entry, "another mount namespace of the tree shows the same file system where it cannot be reached, or is not the root's, which is not saved yet");
        NamespaceInspection.InspectContents(context, task, table);
        FurtherGroups.Inspect(context, further, task, table);
    }

    internal static void Refuse(InspectContext context, LiveTask task, MountEntry m, string reason)
        => context.Refuse(task, "CrMountNotSaved", $"mount {m.MountPoint}", $"{m.FileSystem} {m.Source} ({m.Root}) is mounted there in a mount namespace beside the root's, and {reason}", Apart);

    /// <summary>They are given again by their names there.</summary>
    private static void InspectDirectory(InspectContext context, FurtherMounts further, LiveTask task, int tid, string link, string what)
    {
        var way = $"/proc/{task.Pid}/task/{tid}/{link}";
        if (FileStatus.Read(way, out var status) != Errno.None)
            return;
        var home = further.HomeOf(FurtherMounts.MountOf(way));
        if (home != further.OwnerOf(task.Pid))
            context.Refuse(task, "CrMountNamespaceFile", what, "it is not in the task's own mount namespace, which is not the one of the tree's root; that is not saved yet", Apart);
        else if (status.LinkCount == 0)
            context.Refuse(task, "CrMountNamespaceFile", what, "it is deleted, in a mount namespace that is not the one of the tree's root, which is not saved yet", Apart);
    }

    private static bool SharesFs(int pid, int other)
    {
        try
        {
            return Kcmp.Same(pid, other, KcmpType.Fs);
        }
        catch (CrKernelException e) when (e.Errno == Errno.ESRCH)
        {
            // One of them ended meanwhile.
            return false;
        }
    }
}
