using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;

namespace CrCore.Objects.Confinement;

/// <summary>
/// What confines a program beside seccomp(2). Landlock (landlock(7)) shows nowhere, and its rules cannot be read; but who is
/// in a domain may not look at those outside of it (hook_ptrace_access_check in security/landlock/task.c): the thread is
/// had try it on this program. Labels of other security modules are told of: a restored task has the restoring program's.
/// </summary>
internal sealed class ConfinementKind : IInspectsTask, ICapturesThread
{
    public IEnumerable<RecordType> Records => [];

    public void Inspect(InspectContext context, LiveTask task)
    {
        if (context.States.Get(() => new SecurityLabel(context.Proc)).Differs(context.Proc, task.Pid) is { } label)
            context.Warn(task, "CrSecurityLabel", "security label", $"it is confined as {label}; a restored task is confined as the program that restores it", "Restore from a program that is confined so (aa-exec, runcon).");
    }

    public Action<RecordSink> Capture(CaptureContext context, FrozenThread thread, SyscallBatch batch)
    {
        var room = batch.Out(16);
        var look = batch.Try(Sys.get_robust_list, Environment.ProcessId, room, room.Skip(8));
        return _ =>
        {
            if (batch.ErrnoOf(look) == Errno.EPERM && ShouldSee(context, thread))
                throw new CrPreflightException("CrCheckpointObstacles",
                    [new("CrLandlock", CrErrorKind.NotSupported, ObstacleSeverity.Error, thread.Pid, context.TaskOf(thread).Comm, $"thread {thread.Tid}",
                        "it is confined by Landlock (landlock(7)) or another security module whose rules cannot be read, and would be free of them after a restore",
                        "Start the program without its sandbox.")]);
        };
    }

    /// <summary>Whether its credentials allow the thread to look at this program (__ptrace_may_access in kernel/ptrace.c).</summary>
    private static bool ShouldSee(CaptureContext context, FrozenThread thread)
    {
        var proc = context.Proc;
        if (!context.States.Get(() => new SecurityLabel(proc)).IsFree(proc, thread.Pid)
            || !SameNamespace(proc, thread.Pid, NamespaceKind.Pid) || !SameNamespace(proc, thread.Pid, NamespaceKind.User)
            || !ProcStatus.TryRead(proc, new TaskDir(thread.Pid, thread.Tid), out var its) || !ProcStatus.TryRead(proc, Environment.ProcessId, out var own))
            return false;
        if ((its.EffectiveCapabilities & 1ul << Capabilities.SysPtrace) != 0)
            return true;
        return Is(own.Uid, its.Uid.Real) && Is(own.Gid, its.Gid.Real) && Prctl.Dumpable == 1 && (own.PermittedCapabilities & ~its.PermittedCapabilities) == 0;
    }

    private static bool Is(in IdSet ids, uint id) => ids.Real == id && ids.Effective == id && ids.Saved == id;

    private static bool SameNamespace(ProcReader proc, int pid, NamespaceKind kind)
        => ProcNamespaces.TryRead(proc, pid, kind, out var its) && ProcNamespaces.TryRead(proc, Environment.ProcessId, kind, out var own) && its == own;
}
