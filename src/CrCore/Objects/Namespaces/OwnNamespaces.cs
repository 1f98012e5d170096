using CrCore.Kernel;

namespace CrCore.Objects.Namespaces;

/// <summary>What a tree has of its own, by the measure of this program.</summary>
internal static class OwnNamespaces
{
    /// <summary>The kinds of namespaces in which a task is elsewhere than this program.</summary>
    public static NamespaceSet Read(ProcReader proc, int pid)
    {
        Span<ulong> theirs = stackalloc ulong[ProcNamespaces.Count], own = stackalloc ulong[ProcNamespaces.Count];
        return ProcNamespaces.TryReadAll(proc, pid, theirs) && ProcNamespaces.TryReadAll(proc, Environment.ProcessId, own)
            ? NamespaceSets.Differing(theirs, own) : NamespaceSet.None;
    }

    /// <summary>Compares mounts by their names from the root of the task's mount namespace; null when the task is gone.</summary>
    public static MountComparison? CompareMounts(ProcReader proc, int pid)
    {
        List<MountEntry> theirs = [], own = [];
        if (!ProcMountInfo.TryRead(proc, pid, theirs) || !ProcMountInfo.TryRead(proc, Environment.ProcessId, own)
            || !ProcLinks.TryRead(proc, pid, TaskLink.Root, out var root))
            return null;
        // mountinfo names mounts from the task's root directory and leaves out what lies outside of it.
        if (root != "/")
            for (var i = 0; i < theirs.Count; i++)
                theirs[i] = theirs[i] with { MountPoint = theirs[i].MountPoint == "/" ? root : root + theirs[i].MountPoint };
        return MountComparison.Make(theirs, own, wholeTable: root == "/");
    }

    /// <summary>The namespace is too different, or is said to be, for one that begins as a copy of this program's.</summary>
    public static bool IsBuiltUp(MountComparison mounts, ExternalMounts external) => mounts.Unsaved.Count > 0 || external.Keys.Count > 0;

    /// <summary>
    /// All mounts of a task's mount namespace, for one that is too different to begin as a copy of this program's; null when the task is
    /// gone, or sees only a part of them (chroot(2)).
    /// </summary>
    public static MountTable? ReadMountTable(ProcReader proc, int pid, ExternalMounts external)
    {
        List<MountEntry> theirs = [], own = [];
        if (!ProcMountInfo.TryRead(proc, pid, theirs) || !ProcMountInfo.TryRead(proc, Environment.ProcessId, own)
            || !ProcLinks.TryRead(proc, pid, TaskLink.Root, out var root) || root != "/")
            return null;
        return MountTable.Make(theirs, own, external, (path, mount) => FileStatus.Read(path, out var here, follow: false) == Errno.None
            && FileStatus.Read(MountRoot(pid) + mount.MountPoint, out var there, follow: false) == Errno.None && (here.Device, here.Inode) == (there.Device, there.Inode));
    }

    /// <summary>
    /// The same of a further mount namespace of a tree, by the measure of the one that its root is in; null also where either task sees only a
    /// part of its own.
    /// </summary>
    public static MountTable? ReadFurtherTable(ProcReader proc, int root, int pid)
    {
        List<MountEntry> theirs = [], own = [];
        if (!ProcMountInfo.TryRead(proc, pid, theirs) || !ProcMountInfo.TryRead(proc, root, own)
            || !ProcLinks.TryRead(proc, pid, TaskLink.Root, out var top) || top != "/" || !ProcLinks.TryRead(proc, root, TaskLink.Root, out top) || top != "/")
            return null;
        Func<string, MountEntry, bool> isSame = (path, mount) => FileStatus.Read(MountRoot(root) + path, out var here, follow: false) == Errno.None
            && FileStatus.Read(MountRoot(pid) + mount.MountPoint, out var there, follow: false) == Errno.None && (here.Device, here.Inode) == (there.Device, there.Inode);
        return MountTable.MakeCopy(theirs, own, isSame) is { Unsaved.Count: 0 } copy ? copy : MountTable.Make(theirs, own, ExternalMounts.None, isSame,
            (path, mount) => FileStatus.Read(MountRoot(root) + path, out var here, follow: false) != Errno.None || (FileStatus.MajorOf(here.Device), FileStatus.MinorOf(here.Device)) != ((int)mount.DeviceMajor, (int)mount.DeviceMinor));
    }

    /// <summary>What goes before a path of a task's mount namespace to reach it from here.</summary>
    public static string MountRoot(int pid) => $"/proc/{pid}/root";
}
