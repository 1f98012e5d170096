using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Namespaces;

/// <summary>
/// Makes the mount namespaces beside the root's: in the puppet of its owner each begins as a copy of the root's, which stands by then but for
/// what closes it (<see cref="MountCloser"/>), and is built up as that one was from this machine's. File systems that both show are so the
/// same ones. The other tasks enter it.
/// </summary>
internal static class FurtherMaker
{
    private const int MsRec = 0x4000, MsPrivate = 1 << 18;

    public static void Make(RestoreContext context, IReadOnlyDictionary<int, MountTree> further)
    {
        var hasPassingProc = MountTree.Of(context.Image, context.NewPidNamespace, context.Options.ExternalMounts).LacksProc;
        foreach (var task in context.Tasks)
            if (!task.IsZombie && task.Image.Get<MountNamespaceRecord>() is { IsOwner: true })
                MakeOne(context, task, further[task.VPid], hasPassingProc);
        foreach (var task in context.Tasks)
            if (!task.IsZombie && task.Image.Get<MountNamespaceRecord>() is { IsOwner: false } there)
                Enter(task, there.Owner);
    }

    private static void MakeOne(RestoreContext context, RestoringTask task, MountTree tree, bool hasPassingProc)
    {
        var batch = new SyscallBatch();
        batch.Must("make a mount namespace", null, Sys.unshare, (long)NamespaceSet.Mount);
        // Mounts made here must not spread to where this namespace came from (mount_namespaces(7)).
        batch.Must("make mounts private", "/", Sys.mount, batch.Text("none"), batch.Text("/"), 0, MsRec | MsPrivate, 0);
        // What passes in the root's is not this one's; where nothing is kept of the copy, it goes with the rest.
        var isKept = hasPassingProc && tree.IsCopy;
        if (isKept)
            PassingProc.SetAside(batch);
        task.Remote.Run(batch);
        new MountTreeMaker(tree, (Puppet)task.Remote, NamespaceSetup.MakerOf(context.Ids)).Make();
        if (!isKept)
            return;
        batch = new SyscallBatch();
        PassingProc.RemoveSetAside(batch);
        task.Remote.Run(batch);
    }

    private static void Enter(RestoringTask task, int owner)
    {
        var batch = new SyscallBatch();
        var there = batch.Must("open a pidfd of", owner, Sys.pidfd_open, owner, 0);
        batch.Must("enter the mount namespace of", owner, Sys.setns, there, (long)NamespaceSet.Mount);
        batch.Must("close the pidfd of", owner, Sys.close, there);
        task.Remote.Run(batch);
    }
}
