using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.ProcessState;

/// <summary>Attributes of a task as a whole: subreaper, membarrier registrations, out-of-memory score, huge pages, core dumps.</summary>
internal sealed class ProcessStateKind : ICapturesTask, IRestoresTask, IChecksImage
{
    /// <summary>Commands of membarrier(2): MEMBARRIER_CMD_GET_REGISTRATIONS (Linux 6.3).</summary>
    private const int GetRegistrations = 1 << 9;

    public IEnumerable<RecordType> Records { get; } =
        [new(ProcessRecordIds.Process, "PROCESS", ProcessRecord.Read, ProcessRecord.PayloadSize)];

    public RestoreStage Stage => RestoreStage.State;

    public Action<RecordSink> Capture(CaptureContext context, FrozenTask task, SyscallBatch batch)
    {
        var found = ProcValues.TryReadOomScoreAdjustment(context.Proc, task.Pid, out var oom);
        if (!found || !ProcValues.TryReadCoreDumpFilter(context.Proc, task.Pid, out var filter))
            throw new CrTargetException("CrTaskEnded", $"Task {task} ended while it was frozen, or this kernel lacks a file below /proc/{task.Pid}.") { Pid = task.Pid };
        var subreaper = batch.Out(4);
        batch.Must("read the subreaper flag", null, Sys.prctl, (int)PrctlOption.GetChildSubreaper, subreaper, 0, 0, 0);
        var dumpable = batch.Must("read the dumpable flag", null, Sys.prctl, (int)PrctlOption.GetDumpable);
        var huge = batch.Must("read the huge pages flag", null, Sys.prctl, (int)PrctlOption.GetThpDisable, 0, 0, 0, 0);
        // Linux 6.3; a kernel without it has nothing to keep.
        var deny = batch.Try(Sys.prctl, (int)PrctlOption.GetMemoryDenyWriteExecute, 0, 0, 0, 0);
        var barriers = batch.Try(Sys.membarrier, GetRegistrations, 0, 0);
        return sink => sink.Emit(new ProcessRecord
        {
            VPid = task.VPid,
            Dumpable = (uint)batch.Result(dumpable),
            OomScoreAdjustment = oom,
            IsChildSubreaper = batch.Read<int>(subreaper) != 0,
            ThpDisable = (uint)batch.Result(huge),
            MemoryDenyWriteExecute = Known(batch, deny),
            MembarrierRegistrations = Known(batch, barriers),
            CoreDumpFilter = filter,
        });
    }

    private static uint Known(SyscallBatch batch, Slot slot) => batch.ErrnoOf(slot) == Errno.None ? (uint)batch.Result(slot) : 0;

    public Action? Restore(RestoreContext context, RestoringTask task, SyscallBatch batch)
    {
        if (task.Image.Get<ProcessRecord>() is not { } saved)
            return null;
        if (saved.IsChildSubreaper)
            batch.Must("set the subreaper flag", null, Sys.prctl, (int)PrctlOption.SetChildSubreaper, 1, 0, 0, 0);
        // Bit 0 says that it is disabled, the others are the flags that go with it.
        batch.Must("set the huge pages flag", null, Sys.prctl, (int)PrctlOption.SetThpDisable, saved.ThpDisable & 1, saved.ThpDisable & ~1u, 0, 0);
        for (var command = 1u; command != 0; command <<= 1)
            if ((saved.MembarrierRegistrations & command) != 0)
                batch.Must("register for memory barriers", $"0x{command:x}", Sys.membarrier, command, 0, 0);
        // A puppet starts with this program's values.
        var own = context.States.Get(() => new Own(context.Proc));
        if (saved.OomScoreAdjustment != own.OomScoreAdjustment)
            context.Attempt(task, "CrOomScoreLost", "oom_score_adj", () => ProcWriter.SetOomScoreAdjustment(task.Pid, saved.OomScoreAdjustment));
        if (saved.CoreDumpFilter != own.CoreDumpFilter)
            context.Attempt(task, "CrCoreDumpFilterLost", "coredump_filter", () => ProcWriter.SetCoreDumpFilter(task.Pid, saved.CoreDumpFilter));
        return null;
    }

    public void Check(CheckContext context)
    {
        if (Capabilities.Has(context.Proc, Capabilities.SysResource) || !ProcValues.TryReadOomScoreAdjustment(context.Proc, Environment.ProcessId, out var own))
            return;
        foreach (var task in context.Image.Tasks)
            if (task.Get<ProcessRecord>() is { } saved && saved.OomScoreAdjustment < own)
                context.Warn(task, "CrOomScoreLost", "oom_score_adj", $"the saved value {saved.OomScoreAdjustment} may need CAP_SYS_RESOURCE, which this program lacks; its own is {own}");
    }

    private sealed class Own
    {
        public Own(ProcReader proc)
        {
            if (ProcValues.TryReadOomScoreAdjustment(proc, Environment.ProcessId, out var oom))
                OomScoreAdjustment = oom;
            if (ProcValues.TryReadCoreDumpFilter(proc, Environment.ProcessId, out var filter))
                CoreDumpFilter = filter;
        }

        public int? OomScoreAdjustment { get; }

        public uint? CoreDumpFilter { get; }
    }
}
