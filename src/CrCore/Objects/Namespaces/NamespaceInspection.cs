using CrCore.Checkpoint;
using CrCore.Kernel;

namespace CrCore.Objects.Namespaces;

/// <summary>What preflight finds out about the namespaces of a running tree. Touches nothing.</summary>
internal sealed class NamespaceInspection
{
    private const string UseTool = "Run the checkpoint inside of the namespace (nsenter) instead.";

    private readonly ulong[] _root = new ulong[ProcNamespaces.Count], _task = new ulong[ProcNamespaces.Count];

    /// <summary>Whether the root's could be read; a root that has just ended needs no more words.</summary>
    private bool _known;

    /// <summary>The root has a time namespace of its own.</summary>
    private bool _clocks;

    /// <summary>Its mounts are built up from nothing, and there is no proc among them.</summary>
    private bool _lacksProc;

    public void Inspect(InspectContext context, LiveTask task)
    {
        if (task == context.Root)
            InspectRoot(context, task);
        if (_lacksProc && !context.IsGlimpse)
            PassingProc.InspectTask(context, task);
        // Ten links of each thread, and the same nearly always.
        if (!_known || context.IsGlimpse)
            return;
        foreach (var tid in task.Tids)
            InspectThread(context, task, tid);
    }

    /// <summary>Every task must be where the root is, for namespaces are made once and inherited; but for mounts (FurtherInspection).</summary>
    private void InspectThread(InspectContext context, LiveTask task, int tid)
    {
        if (!ProcNamespaces.TryReadAll(context.Proc, new TaskDir(task.Pid, tid), _task, context.IsFrozen))
            return;
        var who = tid == task.Pid ? "namespaces" : $"namespaces of thread {tid}";
        // Of a pid namespace below the root's the walk knows already (CrNestedPidNamespace).
        var differing = NamespaceSets.Differing(_task, _root) & ~NamespaceSet.Pid;
        if ((differing & NamespaceSet.Mount) != 0 && (tid == task.Pid || (ProcNamespaces.TryRead(context.Proc, task.Pid, NamespaceKind.Mount, out var leaders) && leaders == _task[(int)NamespaceKind.Mount])))
            differing &= ~NamespaceSet.Mount;
        if (differing != NamespaceSet.None)
            context.Refuse(task, "CrNamespacesDiffer", who, $"its {NamespaceSets.Names(differing)} namespace is not the one of the tree's root, and a second one in a tree is not saved yet",
                "Checkpoint the part of the tree that has it by itself.");
        InspectChildren(context, task, who, NamespaceKind.Pid, NamespaceKind.PidForChildren);
        // A lone thread's can be made again; of the root's, only one is told of.
        if (task.Tids.Count > 1 || (task == context.Root && _clocks))
            InspectChildren(context, task, who, NamespaceKind.Time, NamespaceKind.TimeForChildren);
    }

    private void InspectChildren(InspectContext context, LiveTask task, string who, NamespaceKind kind, NamespaceKind forChildren)
    {
        // A pid namespace without a first task yet has no link (pidns_for_children_get in kernel/pid_namespace.c). A task that
        // ended between two looks has none at all: the user namespace is read after these.
        if (_task[(int)kind] != 0 && _task[(int)NamespaceKind.User] != 0 && _task[(int)forChildren] != _task[(int)kind])
            context.Refuse(task, "CrNamespaceForChildren", who, $"its next children would be in another {kind.ToString().ToLowerInvariant()} namespace than itself (it called unshare or setns), which is not saved yet");
    }

    private void InspectRoot(InspectContext context, LiveTask root)
    {
        _known = ProcNamespaces.TryReadAll(context.Proc, root.Pid, _root);
        var own = OwnNamespaces.Read(context.Proc, root.Pid);
        _clocks = (own & NamespaceSet.Time) != 0;
        // It is made before the tree's user namespace, or in it.
        if (_clocks && (own & NamespaceSet.User) != 0 && ProcNamespaces.OwnerOf(root.Pid, NamespaceKind.Time) is var owner && owner != _root[(int)NamespaceKind.User]
            && !(ProcNamespaces.TryRead(context.Proc, Environment.ProcessId, NamespaceKind.User, out var ours) && owner == ours))
            context.Refuse(root, "CrTimeNamespace", "time namespace", "it belongs neither to this program's user namespace nor to the tree's, and no other would own it again", UseTool);
        if ((own & NamespaceSet.Mount) != 0)
            InspectMounts(context, root);
        else
            foreach (var (point, _) in context.Options.ExternalMounts.Keys)
                ExternalMountCheck.RefusePoint(context, root, point, "the tree has no mount namespace of its own");
        if ((own & NamespaceSet.Network) != 0)
            OwnNetwork.Inspect(context, root);
    }

    private void InspectMounts(InspectContext context, LiveTask root)
    {
        if (OwnNamespaces.CompareMounts(context.Proc, root.Pid) is not { } mounts)
            return;
        if (OwnNamespaces.IsBuiltUp(mounts, context.Options.ExternalMounts))
        {
            InspectTable(context, root, mounts.Unsaved);
            return;
        }
        if (mounts.Missing.Count > 0)
            context.Warn(root, "CrMountMissing", "mount namespace", $"it lacks mounts that this program has, and will have them after a restore: {string.Join(", ", mounts.Missing.Select(m => m.MountPoint))}");
        if (mounts.Changed.Count > 0)
            context.Warn(root, "CrMountOptions", "mount namespace", $"these mounts have other options than for this program, and will have this program's after a restore: {string.Join(", ", mounts.Changed.Select(m => $"{m.MountPoint} ({m.Options})"))}");
    }

    /// <summary>The restored mount namespace will not begin as a copy of the restoring program's, but be built up from nothing.</summary>
    private void InspectTable(InspectContext context, LiveTask root, IReadOnlyList<MountEntry> differing)
    {
        if (OwnNamespaces.ReadMountTable(context.Proc, root.Pid, context.Options.ExternalMounts) is not { } table)
        {
            context.Refuse(root, "CrRootFileSystem", "mount namespace", $"it has mounts of its own ({string.Join(", ", differing.Select(m => m.MountPoint))}), and the tree's root task has another root directory (chroot), from where the others cannot be seen", UseTool);
            return;
        }
        ExternalMountCheck.Inspect(context, root, table);
        foreach (var m in table.Unsaved)
            context.Refuse(root, "CrMountNotSaved", $"mount {m.MountPoint}", $"{m.FileSystem} {m.Source} ({m.Root}) is mounted there in the tree's mount namespace, and neither this program's mounts nor the tree's others show it; such a file system is not saved yet",
                "Unmount it in the tree, mount it outside as well, or declare it as one from outside (-ExternalMount).");
        var mounts = table.Mounts.Select(m => m.Entry).ToList();
        _lacksProc = mounts.FindLast(m => MountTable.Below(m.MountPoint, PassingProc.Point) is not null) is not { FileSystem: "proc", MountPoint: PassingProc.Point };
        if (PassingProc.Verdict(mounts, root.Pid) is { } reason)
            context.Refuse(root, "CrMountNotSaved", "mount namespace", $"nothing of the type proc is mounted on /proc in it, a restore needs that for the time that it takes, and {reason}", "Mount proc there.");
        InspectContents(context, root, table);
        var groups = table.Mounts.Select(m => MountOptions.Group(m.Entry.Propagation, MountTable.Shared)).ToHashSet();
        var slaves = table.Mounts.Where(m => MountOptions.Group(m.Entry.Propagation, MountTable.Master) is var master and not 0 && !groups.Contains(master)).ToList();
        if (slaves.Count > 0)
            context.Warn(root, "CrMountPropagation", "mount namespace", $"these mounts receive what is mounted in another namespace (slave), and will do so no longer after a restore: {string.Join(", ", slaves.Select(m => m.Entry.MountPoint))}");
    }

    /// <summary>Files in memory have a bound, mount by mount.</summary>
    internal static void InspectContents(InspectContext context, LiveTask root, MountTable table)
    {
        var points = table.Mounts.Select(m => m.Entry.MountPoint).ToHashSet();
        for (var i = 0; i < table.Mounts.Count; i++)
            if (table.IsCovered(i))
                InspectCovered(context, root, table.Mounts[i]);
            else if (table.Mounts[i] is { HasContents: true } m && !context.IsGlimpse && new MountedFiles(OwnNamespaces.MountRoot(root.Pid) + m.Entry.MountPoint, m.Entry.MountPoint, points).StoredBytes() is var bytes && bytes > context.Options.MaxDeletedFileBytes)
                context.Refuse(root, "CrMountTooLarge", $"mount {m.Entry.MountPoint}", $"its files, which are in memory only, have {bytes} bytes of contents, more than the bound of {context.Options.MaxDeletedFileBytes}", "Raise the bound for deleted files.");
    }

    /// <summary>What is in it is looked at only when it is saved, for that takes a copy of the namespace.</summary>
    private static void InspectCovered(InspectContext context, LiveTask root, TableMount m)
    {
        var what = $"mount {m.Entry.MountPoint}";
        if (m.HasContents && !Capabilities.Has(context.Proc, Capabilities.SysAdmin))
            context.Refuse(root, "CrMountNotSaved", what, "it is a file system in memory, other mounts cover it, and seeing below them takes CAP_SYS_ADMIN", "Checkpoint as root, or unmount it in the tree.", CrErrorKind.PermissionDenied);
        else if (m.From > TreeMountRecord.MaxFrom)
            context.Refuse(root, "CrMountNotSaved", what, $"it shows what mount {m.From} does, and such a number is not saved", "Unmount it in the tree.");
        else if (MountOptions.Group(m.Entry.Propagation, MountTable.Shared) != 0)
            context.Warn(root, "CrMountPropagation", what, "other mounts cover it, and it passes on and receives (shared) what is mounted on it no longer after a restore");
    }
}
