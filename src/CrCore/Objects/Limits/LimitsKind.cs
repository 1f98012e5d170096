using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Limits;

/// <summary>
/// Resource limits. They come after all that they could forbid (memory, descriptors, threads, queued signals, timers)
/// and are set by the task itself where that needs no rights.
/// </summary>
internal sealed class LimitsKind : ICapturesTask, IRestoresTask, IChecksImage
{
    private const string NotKept = "CrLimitLowered";

    public IEnumerable<RecordType> Records { get; } =
        [new(LimitsRecord.Id, "LIMITS", LimitsRecord.Read, LimitsRecord.PayloadSize)];

    public RestoreStage Stage => RestoreStage.Privileges;

    public Action<RecordSink> Capture(CaptureContext context, FrozenTask task, SyscallBatch batch)
    {
        var limits = new RLimit64[ProcLimits.Count];
        if (!ProcLimits.TryRead(context.Proc, task.Pid, limits))
            throw new CrTargetException("CrTaskEnded", $"Task {task} ended while it was frozen.") { Pid = task.Pid };
        return sink => sink.Emit(new LimitsRecord(task.VPid, limits));
    }

    public Action? Restore(RestoreContext context, RestoringTask task, SyscallBatch batch)
    {
        if (task.Image.Get<LimitsRecord>() is not { } saved)
            return null;
        // A puppet starts with this program's limits; of open files it may have raised the soft one.
        var start = context.States.Get(() => new Start(context.Proc));
        for (var i = 0; i < start.Limits.Length; i++)
        {
            var (kind, now) = ((ResourceKind)i, start.Limits[i]);
            var due = start.MayRaise ? saved.Limits[i] : Within(saved.Limits[i], now.Hard);
            if (due == now && kind != ResourceKind.OpenFiles)
                continue;
            // A raise needs this program's rights: the puppet's own may end at a user namespace.
            if (due.Hard > now.Hard)
                TaskCalls.TrySetLimit(task.Pid, kind, due);
            else
                batch.Must("set the limit", kind, Sys.prlimit64, 0, i, batch.In(due), 0);
        }
        return null;
    }

    /// <summary>The limit as far as the present hard limit lets it be raised.</summary>
    internal static RLimit64 Within(RLimit64 saved, ulong hard) => new(Math.Min(saved.Soft, hard), Math.Min(saved.Hard, hard));

    /// <summary>A puppet starts with this process's limits.</summary>
    public void Check(CheckContext context)
    {
        var own = new RLimit64[ProcLimits.Count];
        if (Capabilities.Has(context.Proc, Capabilities.SysResource) || !ProcLimits.TryRead(context.Proc, Environment.ProcessId, own))
            return;
        foreach (var task in context.Image.Tasks)
            if (task.Get<LimitsRecord>() is { } saved)
                for (var i = 0; i < own.Length; i++)
                    if (saved.Limits[i].Hard > own[i].Hard)
                        context.Warn(task, NotKept, $"limit {(ResourceKind)i}",
                            $"its hard limit {Text(saved.Limits[i].Hard)} is above this program's {Text(own[i].Hard)} and will be lowered to that", "Restore with a higher hard limit (ulimit -H) or with CAP_SYS_RESOURCE.");
    }

    private static string Text(ulong limit) => limit == RLimit64.Infinity ? "unlimited" : limit.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private sealed class Start
    {
        public Start(ProcReader proc)
        {
            Limits = new RLimit64[ProcLimits.Count];
            if (!ProcLimits.TryRead(proc, Environment.ProcessId, Limits))
                throw new CrTargetException("CrNoLimits", "The limits of this program cannot be read from /proc/self/limits.", "Mount proc.");
            MayRaise = Capabilities.Has(proc, Capabilities.SysResource);
        }

        public RLimit64[] Limits { get; }

        public bool MayRaise { get; }
    }
}
