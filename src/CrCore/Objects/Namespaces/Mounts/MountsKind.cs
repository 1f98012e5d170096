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

    public Action? Restore(RestoreContext context, RestoringTask task, SyscallBatch batch)
    {
        if (task != context.Root || MountTree.Of(context.Image, context.NewPidNamespace, context.Options.ExternalMounts) is not { IsEmpty: false } tree)
            return null;
        MountCloser.Close(batch, tree);
        if (tree.LacksProc)
            PassingProc.RemoveAtRelease(context);
        return null;
    }
}
