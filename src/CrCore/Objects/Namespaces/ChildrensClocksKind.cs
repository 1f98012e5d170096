using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Namespaces;

/// <summary>Time namespaces that a task made for its next children (unshare(2) with CLONE_NEWTIME), and that none is in yet.</summary>
internal sealed class ChildrensClocksKind : ICapturesTask, IRestoresTask
{
    /// <summary>The records are <see cref="NamespacesKind"/>'s.</summary>
    public IEnumerable<RecordType> Records => [];

    /// <summary>All children and those that only pass have been made.</summary>
    public RestoreStage Stage => RestoreStage.Privileges;

    public Action<RecordSink>? Capture(CaptureContext context, FrozenTask task, SyscallBatch batch)
        => task.IsZombie || !HasOwn(context.Proc, task.Pid) ? null
            : sink => sink.Emit(NamespaceClocks.Read(context.Proc, task.Pid, task.VPid, forChildren: true));

    /// <summary>Whether a task's next children would be in another time namespace than itself.</summary>
    public static bool HasOwn(ProcReader proc, TaskDir dir)
        => ProcNamespaces.TryRead(proc, dir, NamespaceKind.Time, out var own) && ProcNamespaces.TryRead(proc, dir, NamespaceKind.TimeForChildren, out var childrens) && own != childrens;

    public Action? Restore(RestoreContext context, RestoringTask task, SyscallBatch batch)
    {
        if (Of(task.Image, forChildren: true) is not { } saved)
            return null;
        batch.Must("make a time namespace", null, Sys.unshare, (long)NamespaceSet.Time);
        return () => NamespaceClocks.Set(context.Proc, task.Pid, saved);
    }

    public static ClocksRecord? Of(TaskImage task, bool forChildren)
    {
        foreach (var clocks in task.All<ClocksRecord>())
            if (clocks.ForChildren == forChildren)
                return clocks;
        return null;
    }
}
