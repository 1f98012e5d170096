using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Scheduler;

/// <summary>
/// The nice value that a session has as a whole (sched(7), "The autogroup feature"). Each setsid(2) makes a group anew, so
/// that the restored sessions have theirs.
/// </summary>
internal sealed class AutogroupKind : ICapturesTask, IRestoresTask
{
    private const string NotKept = "CrAutogroupLost";

    public IEnumerable<RecordType> Records { get; } =
        [new(AutogroupRecord.Id, "AUTOGROUP", AutogroupRecord.Read, AutogroupRecord.PayloadSize)];

    public RestoreStage Stage => RestoreStage.State;

    public bool StepComesFirst => false;

    public Action<RecordSink>? Capture(CaptureContext context, FrozenTask task, SyscallBatch batch)
    {
        if (!context.States.Get<Sessions>().Seen.Add(task.Stat.Session)
            || !ProcValues.TryReadAutogroupNice(context.Proc, task.Pid, out var nice) || nice == 0)
            return null;
        return sink => sink.Emit(new AutogroupRecord(task.VPid, nice));
    }

    public Action? Restore(RestoreContext context, RestoringTask task, SyscallBatch batch)
    {
        if (task.Image.Get<AutogroupRecord>() is not { } saved)
            return null;
        if (IsThisProgramsOwn(context.Proc, task.Pid))
            context.Warn(task, NotKept, "autogroup", $"its session is that of the restoring program, whose nice value as a whole is left alone; it was {saved.Nice}");
        else
            context.Attempt(task, NotKept, "nice value of the session as a whole", () => ProcWriter.SetAutogroupNice(task.Pid, saved.Nice));
        return null;
    }

    private static bool IsThisProgramsOwn(ProcReader proc, int pid)
    {
        Span<byte> own = stackalloc byte[64];
        if (!proc.TryRead(Environment.ProcessId, "autogroup"u8, out var text) || text.Length > own.Length)
            return false;
        text.CopyTo(own);
        own = own[..text.Length];
        return proc.TryRead(pid, "autogroup"u8, out var its) && its.SequenceEqual(own);
    }

    private sealed class Sessions
    {
        public HashSet<int> Seen { get; } = [];
    }
}
