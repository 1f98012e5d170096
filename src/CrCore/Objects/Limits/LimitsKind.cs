using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Limits;

/// <summary>
/// Resource limits. They come after all that they could forbid (memory, descriptors, threads, queued signals, timers)
/// and are set from outside, with the rights of the restoring process.
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
        return () =>
        {
            var now = new RLimit64[ProcLimits.Count];
            if (!ProcLimits.TryRead(context.Proc, task.Pid, now))
                throw new CrTargetException("CrPuppetFailed", $"Task {task} ended while it was being restored.") { Pid = task.Pid };
            var mayRaise = Capabilities.Has(context.Proc, Capabilities.SysResource);
            for (var i = 0; i < now.Length; i++)
            {
                var due = mayRaise ? saved.Limits[i] : Within(saved.Limits[i], now[i].Hard);
                if (due != now[i])
                    TaskCalls.TrySetLimit(task.Pid, (ResourceKind)i, due);
            }
        };
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
}
