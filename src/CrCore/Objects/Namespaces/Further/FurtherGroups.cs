using CrCore.Checkpoint;
using CrCore.Kernel;

namespace CrCore.Objects.Namespaces;

/// <summary>Peer groups (mount_namespaces(7)) of a mount namespace beside the root's, which often reach into the root's.</summary>
internal static class FurtherGroups
{
    public static void Inspect(InspectContext context, FurtherMounts further, LiveTask task, MountTable table)
    {
        var roots = RootTable(context);
        var known = new HashSet<uint>();
        foreach (var owner in further.Owners)
            known.UnionWith(further.MountsOf(owner).Select(Group));
        if (roots is not null)
            known.UnionWith(roots.Mounts.Select(m => Group(m.Entry)));
        // The root's mounts will be a copy of the restoring program's, or those themselves: what spreads among them is not in the tree's hands.
        var outside = roots is not null ? [] : further.MountsOf(further.Root).Select(Group).ToHashSet();
        var lost = table.Mounts.Where(m => (Group(m.Entry) is var group and not 0 && outside.Contains(group)) || (Master(m.Entry) is var master and not 0 && (!known.Contains(master) || outside.Contains(master)))).ToList();
        if (lost.Count > 0)
            context.Warn(task, "CrMountPropagation", "mount namespace", $"these mounts share with another namespace what is mounted on them, and will do so no longer after a restore: {string.Join(", ", lost.Select(m => m.Entry.MountPoint))}");
        if (roots is null && further.MountsOf(further.Root).FirstOrDefault(m => MountOptions.IsUnbindable(m.Propagation)) is { } unbindable)
            FurtherInspection.Refuse(context, task, unbindable, "it cannot be mounted a second time (unbindable), which is not saved yet where the tree's root has this program's mounts");
        if (roots is not null)
            foreach (var m in table.Mounts)
                if (FirstOf(roots, Group(m.Entry)) is { } first && MountTable.Below(first.Root, m.Entry.Root) is null || FirstOf(roots, Master(m.Entry)) is { } source && MountTable.Below(source.Root, m.Entry.Root) is null)
                    FurtherInspection.Refuse(context, task, m.Entry, "it is in a peer group of mounts of the tree's root that show less of its file system, which cannot be made again yet");
    }

    /// <summary>The mounts of the tree's root, where they are built up one by one.</summary>
    private static MountTable? RootTable(InspectContext context)
        => (OwnNamespaces.Read(context.Proc, context.Root.Pid) & NamespaceSet.Mount) != 0 && OwnNamespaces.CompareMounts(context.Proc, context.Root.Pid) is { } mounts && OwnNamespaces.IsBuiltUp(mounts, context.Options.ExternalMounts)
            ? OwnNamespaces.ReadMountTable(context.Proc, context.Root.Pid, context.Options.ExternalMounts) : null;

    private static MountEntry? FirstOf(MountTable table, uint group)
    {
        foreach (var m in table.Mounts)
            if (group != 0 && Group(m.Entry) == group)
                return m.Entry;
        return null;
    }

    private static uint Group(MountEntry m) => MountOptions.Group(m.Propagation, MountTable.Shared);

    private static uint Master(MountEntry m) => MountOptions.Group(m.Propagation, MountTable.Master);
}
