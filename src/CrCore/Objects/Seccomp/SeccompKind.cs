using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Seccomp;

/// <summary>
/// seccomp(2): the strict mode and filters of each thread. While a thread makes calls for this program, its mode is
/// suspended (PTRACE_O_SUSPEND_SECCOMP), which takes CAP_SYS_ADMIN, as reading filters does.
/// </summary>
internal sealed class SeccompKind : IInspectsTask, ICapturesThread, IRestoresThread, IChecksImage
{
    public IEnumerable<RecordType> Records { get; } =
    [
        new(SeccompFilterRecord.Id, "SECCOMP_FILTER", SeccompFilterRecord.Read, SeccompFilterRecord.MaxPayload),
        new(SeccompRecord.Id, "SECCOMP", SeccompRecord.Read, SeccompRecord.MaxPayload),
    ];

    /// <summary>All threads exist, and none has given up the right to take a filter (seccomp_prepare_filter in kernel/seccomp.c).</summary>
    public RestoreStage ThreadStage => RestoreStage.Threads;

    public void Inspect(InspectContext context, LiveTask task)
    {
        // Most programs that use it do so in all of their threads, and the frozen tree is looked at once more.
        var count = context.IsGlimpse ? Math.Min(1, task.Tids.Count) : task.Tids.Count;
        for (var i = 0; i < count; i++)
            if (ProcStatus.TryRead(context.Proc, new TaskDir(task.Pid, task.Tids[i]), out var status) && status.SeccompMode != 0)
            {
                if (CannotSuspend(context.Proc) is { } why)
                    context.Refuse(task, "CrSeccomp", $"thread {task.Tids[i]}", $"it is in the {(status.SeccompMode == 1 ? "strict mode" : "filter mode")} of seccomp(2), and {why}",
                        "Run with CAP_SYS_ADMIN in the initial user namespace, outside of sandboxes.", CrErrorKind.PermissionDenied);
                return;
            }
    }

    /// <summary>What stands against PTRACE_O_SUSPEND_SECCOMP and PTRACE_SECCOMP_GET_FILTER (ptrace(2)), or null.</summary>
    private static string? CannotSuspend(ProcReader proc)
    {
        if (!Capabilities.HasInitial(proc, Capabilities.SysAdmin))
            return "this program lacks CAP_SYS_ADMIN in the initial user namespace, which it takes to suspend that";
        return ProcStatus.TryRead(proc, Environment.ProcessId, out var own) && own.SeccompMode != 0
            ? "this program is filtered itself, so that the kernel does not let it suspend that" : null;
    }

    public Action<RecordSink>? Capture(CaptureContext context, FrozenThread thread, SyscallBatch batch)
    {
        if (!ProcStatus.TryRead(context.Proc, new TaskDir(thread.Pid, thread.Tid), out var status) || status.SeccompMode == 0)
            return null;
        var filters = status.SeccompMode == SeccompRecord.Filtered ? SeccompFilters.Read(thread) : [];
        return sink =>
        {
            var references = new uint[filters.Count];
            for (var i = 0; i < references.Length; i++)
            {
                var f = filters[i];
                references[i] = context.Shared.Reference(("seccomp", f.Flags, Convert.ToBase64String(f.Instructions.Span)), out var first);
                if (first)
                    sink.Emit(f with { ObjRef = references[i] });
            }
            sink.Emit(new SeccompRecord(thread.VTid, (uint)status.SeccompMode, references));
        };
    }

    public Action? Restore(RestoreContext context, RestoringThread thread, SyscallBatch batch)
    {
        if (thread.Image.Get<SeccompRecord>() is not { } saved)
            return null;
        var common = SeccompFilters.CommonCount(thread.Task.Image);
        if (thread.Image.IsLeader && common > 0)
        {
            foreach (var t in thread.Task.Threads)
                Suspend(t);
            SeccompFilters.Install(context, thread, saved, 0, common, synchronize: true);
        }
        Suspend(thread);
        if (saved.Mode == SeccompRecord.Strict)
            batch.Must("enter the strict mode of seccomp(2)", null, Sys.prctl, (int)PrctlOption.SetSeccomp, (int)SeccompRecord.Strict, 0);
        else
            SeccompFilters.Install(context, thread, saved, common, saved.Filters.Count, synchronize: false);
        return null;
    }

    /// <summary>Until it is released (TaskRelease.Disarm).</summary>
    private static void Suspend(RestoringThread thread)
        => TraceCall.Check(Ptrace.SetOptions(thread.Tid, PtraceOptions.TraceSysGood | PtraceOptions.ExitKill | PtraceOptions.SuspendSeccomp), "Suspending the seccomp mode", thread.Tid);

    public void Check(CheckContext context)
    {
        foreach (var task in context.Image.Tasks)
            foreach (var thread in task.Threads)
                if (thread.Get<SeccompRecord>() is { } saved)
                {
                    SeccompFilters.Check(context, thread, saved);
                    if (CannotSuspend(context.Proc) is { } why)
                        context.Refuse(task, "CrSeccomp", $"thread {thread.VTid}", $"it was in a mode of seccomp(2), and {why}",
                            "Run with CAP_SYS_ADMIN in the initial user namespace, outside of sandboxes.", CrErrorKind.PermissionDenied);
                    break;
                }
    }
}
