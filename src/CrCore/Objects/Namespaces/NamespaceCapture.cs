using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;

namespace CrCore.Objects.Namespaces;

/// <summary>What is saved of the namespaces that a tree has of its own, at its root.</summary>
internal static class NamespaceCapture
{
    /// <summary>struct new_utsname of linux/utsname.h: six fields of 65 bytes; the second and the last are asked for.</summary>
    private const int NameField = 65, NodeNameAt = NameField, DomainNameAt = 5 * NameField, NamesSize = 6 * NameField;

    public static Action<RecordSink> Add(CaptureContext context, FrozenTask root, SyscallBatch batch)
    {
        var own = OwnNamespaces.Read(context.Proc, root.Pid);
        // What is told of a task that made another one for its children is that one's.
        if ((own & NamespaceSet.Time) != 0 && ChildrensClocksKind.HasOwn(context.Proc, root.Pid))
            throw new CrTargetException("CrNamespaceForChildren", $"Task {root} made a second time namespace, which is not saved.") { Pid = root.Pid };
        var names = batch.Out(NamesSize);
        if ((own & NamespaceSet.Uts) != 0)
            batch.Must("read the host name", null, Sys.uname, names);
        return sink =>
        {
            var loopbackUp = (own & NamespaceSet.Network) != 0 && ProcNetwork.TryReadLoopback(context.Proc, root.Pid, out var up) && up;
            sink.Emit(new NamespacesRecord
            {
                VPid = root.VPid,
                Own = own,
                LoopbackUp = loopbackUp,
                HostName = Text(batch.Bytes(names)[NodeNameAt..]),
                DomainName = Text(batch.Bytes(names)[DomainNameAt..]),
            });
            var ids = (own & NamespaceSet.User) != 0 ? IdMaps(context, root) : null;
            if ((own & NamespaceSet.Network) != 0)
                OwnNetwork.Capture(context, root, loopbackUp, ids?.Groups, sink);
            if ((own & NamespaceSet.Time) != 0)
                sink.Emit(NamespaceClocks.Read(context.Proc, root.Pid, root.VPid, forChildren: false));
            else
                sink.Emit(NamespaceClocks.OfMachine(root.VPid));
            if (ids is not null)
                sink.Emit(ids);
            if ((own & NamespaceSet.Mount) != 0)
                EmitMounts(context, root, ids, sink);
        };
    }

    private static string Text(ReadOnlySpan<byte> field)
    {
        field = field[..NameField];
        var end = field.IndexOf((byte)0);
        return LinuxText.Decode(end < 0 ? field : field[..end]);
    }

    internal static IdMapsRecord IdMaps(CaptureContext context, FrozenTask root)
    {
        List<IdMapRange> users = [], groups = [];
        if (!ProcIdMap.TryReadUsers(context.Proc, root.Pid, users) || !ProcIdMap.TryReadGroups(context.Proc, root.Pid, groups)
            || !ProcValues.TryReadSetGroups(context.Proc, root.Pid, out var allowed))
            throw new CrTargetException("CrTaskEnded", $"Task {root} ended while it was frozen.") { Pid = root.Pid };
        return new IdMapsRecord { VPid = root.VPid, AllowsSetGroups = allowed, Users = users, Groups = groups };
    }

    private static void EmitMounts(CaptureContext context, FrozenTask root, IdMapsRecord? ids, RecordSink sink)
    {
        if (OwnNamespaces.CompareMounts(context.Proc, root.Pid) is not { } mounts)
            throw new CrTargetException("CrTaskEnded", $"Task {root} ended while it was frozen.") { Pid = root.Pid };
        if (OwnNamespaces.IsBuiltUp(mounts, context.Options.ExternalMounts))
            EmitTable(context, root, OwnNamespaces.ReadMountTable(context.Proc, root.Pid, context.Options.ExternalMounts), "", ids, sink);
        else
            foreach (var m in mounts.Remade)
                sink.Emit(new MountRecord(root.VPid, m.MountPoint, m.FileSystem, m.Source, MountOptions.Flags(m.Options), MountOptions.Data(m.SuperOptions, ids)));
    }

    /// <summary>All mounts of a task's mount namespace, and what is in those that are made anew.</summary>
    /// <param name="context">The capture.</param>
    /// <param name="root">The task that they are told of at.</param>
    /// <param name="mounts">Null where they could not be read.</param>
    /// <param name="machine">What goes before the paths of a machine's that they come from, to reach those from here.</param>
    /// <param name="ids">Of the tree's own user namespace.</param>
    /// <param name="sink">Takes them.</param>
    internal static void EmitTable(CaptureContext context, FrozenTask root, MountTable? mounts, string machine, IdMapsRecord? ids, RecordSink sink)
    {
        if (mounts is not { Unsaved.Count: 0 } table)
            throw new CrTargetException("CrMountNotSaved", $"Task {root}: the mounts of its namespace changed while it was being captured.", "Run the checkpoint again: preflight says what cannot be saved.") { Pid = root.Pid };
        var prefix = OwnNamespaces.MountRoot(root.Pid);
        for (var i = 0; i < table.Mounts.Count; i++)
        {
            var (m, origin, source, _, from) = table.Mounts[i];
            // Whole file systems are directories, and what is covered is told by where it comes from.
            var isDirectory = origin == MountOrigin.New || FileStatus.Read(origin == MountOrigin.Host && table.IsCovered(i) ? machine + source : prefix + m.MountPoint, out var status, follow: false) != Errno.None || status.IsDirectory;
            sink.Emit(new TreeMountRecord(root.VPid, origin, isDirectory, MountOptions.IsReadOnly(m.SuperOptions), MountOptions.IsUnbindable(m.Propagation),
                MountOptions.Group(m.Propagation, MountTable.Shared), MountOptions.Group(m.Propagation, MountTable.Master),
                MountOptions.Flags(m.Options), m.MountPoint, source, m.FileSystem, origin == MountOrigin.New ? MountOptions.Data(m.SuperOptions, ids) : "", from));
        }
        EmitFiles(context, root, table, ids is not null, sink);
    }

    private static void EmitFiles(CaptureContext context, FrozenTask root, MountTable table, bool ownUser, RecordSink sink)
    {
        var inMemory = Enumerable.Range(0, table.Mounts.Count).Where(i => table.Mounts[i].HasContents).ToList();
        if (inMemory.Count == 0)
            return;
        var points = table.Mounts.Select(m => m.Entry.MountPoint).ToHashSet();
        using var bare = BareMounts.Open(root.Pid, table, inMemory, ownUser);
        foreach (var i in inMemory)
        {
            var point = table.Mounts[i].Entry.MountPoint;
            if (bare.PathOf(i) is { } top)
            {
                if (table.IsCovered(i) && new MountedFiles(top, point, new HashSet<string>()).StoredBytes() is var bytes && bytes > context.Options.MaxDeletedFileBytes)
                    throw new CrTargetException("CrMountTooLarge", $"Task {root}: the files of the file system in memory that other mounts cover on {point} have {bytes} bytes of contents, more than the bound of {context.Options.MaxDeletedFileBytes}.", "Raise the bound for deleted files.") { Pid = root.Pid };
                new MountedFiles(top, point, new HashSet<string>()).Emit(context, sink, root.Pid, i);
                continue;
            }
            if (table.IsCovered(i))
                throw new CrTargetException("CrMountNotSaved", $"Task {root}: the file system in memory that other mounts cover on {point} could not be reached.", "Unmount it in the tree.") { Pid = root.Pid };
            new MountedFiles(OwnNamespaces.MountRoot(root.Pid) + point, point, points).Emit(context, sink, root.Pid, i);
            if (points.Any(p => p != point && MountTable.Below(point, p) is not null))
                context.Warnings.Add(new("CrMountCovered", CrErrorKind.Obstacle, ObstacleSeverity.Warning, root.Pid, root.Comm, $"mount {point}",
                    "other mounts lie on it, and what is in the directories below them cannot be seen without CAP_SYS_ADMIN in its user namespace, and is not kept", null));
        }
    }
}
