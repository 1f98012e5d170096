using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Remote;

namespace CrCore.Objects.Namespaces;

/// <summary>The last of a tree's mounts: what makes them read-only and what they pass on, once nothing is made on them any more.</summary>
internal static class MountCloser
{
    private const int MsRemount = 0x20, MsBind = 0x1000, MsUnbindable = 1 << 17, MsSlave = 1 << 19, MsShared = 1 << 20;
    private const uint MoveMountSetGroup = 0x100;
    private const ulong ReadOnly = 1;

    /// <summary>MS_BIND: of this mount alone, and not of its file system.</summary>
    public static void SetFlags(SyscallBatch batch, TreeMountRecord m)
        => batch.Must("set the flags of mount", m.Point, Sys.mount, 0, batch.Text(m.Point), 0, (ulong)(MsRemount | MsBind) | m.Flags, 0);

    /// <param name="batch">Of a task in their namespace.</param>
    /// <param name="tree">The mounts.</param>
    /// <param name="groups">Peer groups of namespaces that were closed before, which this one's are added to.</param>
    /// <param name="owner">A task in it whose root directory is the namespace's.</param>
    public static void Close(SyscallBatch batch, MountTree tree, PeerGroups groups, int owner)
    {
        for (var i = 0; i < tree.Mounts.Count; i++)
        {
            if (tree.IsCovered(i))
                continue;
            var m = tree.Mounts[i];
            if (m.Origin != MountOrigin.New || (m.Flags & ReadOnly) != 0)
                SetFlags(batch, m);
            if (m is { Origin: MountOrigin.New, IsReadOnly: true })
                MakeReadOnly(batch, m);
        }
        SetPropagation(batch, tree, groups, owner);
    }

    /// <summary>The same of a new one before others cover it.</summary>
    public static void CloseNew(SyscallBatch batch, TreeMountRecord m)
    {
        if ((m.Flags & ReadOnly) != 0)
            SetFlags(batch, m);
        if (m.IsReadOnly)
            MakeReadOnly(batch, m);
    }

    private static void MakeReadOnly(SyscallBatch batch, TreeMountRecord m)
        => batch.Must("make read-only", m.Point, Sys.mount, 0, batch.Text(m.Point), 0, MsRemount | ReadOnly | m.Flags, m.Data.Length == 0 ? 0 : batch.Text(m.Data));

    private static void SetPropagation(SyscallBatch batch, MountTree tree, PeerGroups groups, int owner)
    {
        var made = new Dictionary<uint, string>(groups.Mounts);
        // A group before those that receive from it; what has a master elsewhere is not in the tree's hands.
        for (var isDone = false; !isDone;)
        {
            isDone = true;
            for (var i = 0; i < tree.Mounts.Count; i++)
            {
                if (tree.Mounts[i] is not { Group: not 0 } m || made.ContainsKey(m.Group) || tree.IsCovered(i) || !(made.ContainsKey(m.Master) || !IsGroup(tree, m.Master)))
                    continue;
                StartGroup(batch, m, made);
                made[m.Group] = m.Point;
                groups.Mounts[m.Group] = FurtherNames.Of(owner, m.Point);
                isDone = false;
            }
        }
        for (var i = 0; i < tree.Mounts.Count; i++)
            if (!tree.IsCovered(i))
                Join(batch, tree.Mounts[i], made);
    }

    private static bool IsGroup(MountTree tree, uint group)
    {
        for (var i = 0; i < tree.Mounts.Count; i++)
            if (group != 0 && tree.Mounts[i].Group == group && !tree.IsCovered(i))
                return true;
        return false;
    }

    private static void StartGroup(SyscallBatch batch, TreeMountRecord m, Dictionary<uint, string> made)
    {
        if (made.TryGetValue(m.Master, out var master))
            BecomeSlave(batch, m, master);
        Set(batch, m, MsShared);
    }

    private static void Join(SyscallBatch batch, TreeMountRecord m, Dictionary<uint, string> made)
    {
        if (m.Group != 0)
        {
            if (made.TryGetValue(m.Group, out var first) && first != m.Point)
                Take(batch, m, first);
        }
        else if (made.TryGetValue(m.Master, out var master))
        {
            BecomeSlave(batch, m, master);
        }
        else if (m.IsUnbindable)
        {
            Set(batch, m, MsUnbindable);
        }
    }

    /// <summary>A peer that no longer passes on is a slave of the others.</summary>
    private static void BecomeSlave(SyscallBatch batch, TreeMountRecord m, string master)
    {
        Take(batch, m, master);
        Set(batch, m, MsSlave);
    }

    /// <summary>Into the peer group of another mount of the same file system, Linux 5.15 (do_set_group in fs/namespace.c).</summary>
    private static void Take(SyscallBatch batch, TreeMountRecord m, string other)
        => batch.Must("join the peer group of", $"{other} with mount {m.Point}", Sys.move_mount, FileNative.AT_FDCWD, batch.Text(other), FileNative.AT_FDCWD, batch.Text(m.Point), MoveMountSetGroup);

    private static void Set(SyscallBatch batch, TreeMountRecord m, int propagation)
        => batch.Must("set the propagation of mount", m.Point, Sys.mount, 0, batch.Text(m.Point), 0, propagation, 0);
}
