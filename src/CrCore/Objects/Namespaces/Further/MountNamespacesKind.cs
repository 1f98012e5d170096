using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Namespaces;

/// <summary>Mount namespaces of tasks beside the one of the tree's root (unshare(2), clone(2) with CLONE_NEWNS): each is saved at its first task.</summary>
internal sealed class MountNamespacesKind : IInspectsTask, ICapturesTask, IChecksImage, IRestoresTask
{
    public IEnumerable<RecordType> Records { get; } =
    [
        new(NamespaceRecordIds.MountNamespace, "MOUNT_NAMESPACE", MountNamespaceRecord.Read, MountNamespaceRecord.PayloadSize),
    ];

    public RestoreStage Stage => RestoreStage.Descriptors;

    public void Inspect(InspectContext context, LiveTask task)
    {
        if (!context.IsGlimpse && !task.IsZombie && FurtherMounts.Of(context) is { IsEmpty: false } further)
            FurtherInspection.Inspect(context, further, task);
    }

    public Action<RecordSink>? Capture(CaptureContext context, FrozenTask task, SyscallBatch batch)
    {
        var further = FurtherMounts.Of(context);
        if (further.OwnerOf(task.Pid) is not (var owner and not 0))
            return null;
        return sink =>
        {
            sink.Emit(new MountNamespaceRecord(task.VPid, further.VPidOf(owner)));
            if (owner == task.Pid)
                NamespaceCapture.EmitTable(context, task, OwnNamespaces.ReadFurtherTable(context.Proc, context.Root.Pid, task.Pid), OwnNamespaces.MountRoot(context.Root.Pid), Ids(context), sink);
        };
    }

    private static IdMapsRecord? Ids(CaptureContext context)
        => (OwnNamespaces.Read(context.Proc, context.Root.Pid) & NamespaceSet.User) != 0 ? NamespaceCapture.IdMaps(context, context.Root) : null;

    public void Check(CheckContext context)
    {
        foreach (var task in context.Image.Tasks)
        {
            if (task.Get<MountNamespaceRecord>() is not { } there)
                continue;
            if (there.IsOwner && !context.InUserNamespace && !Capabilities.Has(context.Proc, Capabilities.SysAdmin))
                context.Refuse(task, "CrMountNamespaceForbidden", "mount namespace", "making another one than the root's takes CAP_SYS_ADMIN", "Restore as root.", CrErrorKind.PermissionDenied);
            if (there.IsOwner && context.Namespaces.Tree.IsEmpty && context.Namespaces.Further[task.VPid].IsCopy)
                CheckKept(context, task, context.Namespaces.Further[task.VPid]);
            if (there.IsOwner)
                NamespaceCheck.CheckTree(context, task, context.Namespaces.Further[task.VPid], context.Namespaces.OnThisMachine);
            if (TaskSharing.SharesFs(task))
                context.Refuse(task, "CrSharedFs", "working directory", "it is shared with the task's parent in a mount namespace beside the root's; such sharing cannot be restored", kind: CrErrorKind.NotSupported);
        }
    }

    /// <summary>Where the root has this program's mounts, those that a copy of them keeps must be among them.</summary>
    private static void CheckKept(CheckContext context, TaskImage task, MountTree tree)
    {
        List<MountEntry> own = [];
        ProcMountInfo.TryRead(context.Proc, Environment.ProcessId, own);
        var points = own.Select(m => m.MountPoint).Concat(context.Namespaces.Mounts.Select(m => m.Point)).ToHashSet();
        foreach (var m in tree.Mounts)
            if (m.Origin == MountOrigin.Kept && !points.Contains(m.Point))
                context.Refuse(task, "CrMountSource", $"mount {m.Point}", $"nothing is mounted on {m.Point} here, where {m.FileSystem} was", "Mount it.", CrErrorKind.NotFound);
    }

    /// <summary>All of them with the root, before anything is opened in them.</summary>
    public Action? Restore(RestoreContext context, RestoringTask task, SyscallBatch batch)
    {
        if (task == context.Root && MountTree.Further(context.Image) is { Count: > 0 } further)
            FurtherMaker.Make(context, further);
        return null;
    }
}
