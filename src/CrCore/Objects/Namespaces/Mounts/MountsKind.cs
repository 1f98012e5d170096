using CrCore.Image;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Namespaces;

/// <summary>
/// Mounts of a mount namespace with a root of its own. They are found and saved with the other namespaces (NamespacesKind) and made
/// with the tree's first process (NamespaceSetup); here is what must wait until all files are made and opened.
/// </summary>
internal sealed class MountsKind : IRestoresTask
{
    public IEnumerable<RecordType> Records { get; } =
    [
        new(NamespaceRecordIds.TreeMount, "TREE_MOUNT", TreeMountRecord.Read, TreeMountRecord.MaxPayload),
        new(NamespaceRecordIds.MountedFile, "MOUNTED_FILE", MountedFileRecord.Read, MountedFileRecord.MaxPayload),
    ];

    public RestoreStage Stage => RestoreStage.Filled;

    /// <summary>One namespace after the other: a peer group of several begins where it is met first.</summary>
    public bool StepComesFirst => true;

    public Action? Restore(RestoreContext context, RestoringTask task, SyscallBatch batch)
    {
        var groups = context.States.Get<PeerGroups>();
        if (task == context.Root && MountTree.Of(context.Image, context.NewPidNamespace, context.Options.ExternalMounts) is { IsEmpty: false } tree)
        {
            MountCloser.Close(batch, tree, groups, task.VPid);
            if (tree.LacksProc)
                PassingProc.RemoveAtRelease(context);
        }
        if (task.Image.Get<MountNamespaceRecord>() is not { IsOwner: true })
            return null;
        return () =>
        {
            var own = new SyscallBatch();
            MountCloser.Close(own, MountTree.Further(context.Image)[task.VPid], groups, task.VPid);
            task.Remote.Run(own);
        };
    }
}
