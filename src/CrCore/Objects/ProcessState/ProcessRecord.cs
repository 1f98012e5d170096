using CrCore.Image;

namespace CrCore.Objects.ProcessState;

/// <summary>PROCESS (150): attributes of a task as a whole, most of them set by prctl(2).</summary>
public sealed record ProcessRecord : ICrRecord
{
    internal const int PayloadSize = 32;

    /// <inheritdoc/>
    public short Type => ProcessRecordIds.Process;
    /// <inheritdoc/>
    public uint Parent => (uint)VPid;

    /// <summary>The task: the framing's parent.</summary>
    public required int VPid { get; init; }

    /// <summary>0, 1 or 2 (PR_GET_DUMPABLE).</summary>
    public uint Dumpable { get; init; }

    /// <summary>−1000 … 1000 (proc_pid_oom_score_adj(5)).</summary>
    public int OomScoreAdjustment { get; init; }

    /// <summary>Orphans among its descendants become its children (PR_SET_CHILD_SUBREAPER).</summary>
    public bool IsChildSubreaper { get; init; }

    /// <summary>PR_GET_THP_DISABLE: 0, or 1 with the flags of the call.</summary>
    public uint ThpDisable { get; init; }

    /// <summary>PR_MDWE_* flags.</summary>
    public uint MemoryDenyWriteExecute { get; init; }

    /// <summary>MEMBARRIER_CMD_REGISTER_* bits of membarrier(2).</summary>
    public uint MembarrierRegistrations { get; init; }

    /// <summary>Bits of /proc/PID/coredump_filter (core(5)).</summary>
    public uint CoreDumpFilter { get; init; }

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32(Dumpable);
        w.I32(OomScoreAdjustment);
        w.U32(IsChildSubreaper ? 1u : 0);
        w.U32(ThpDisable);
        w.U32(MemoryDenyWriteExecute);
        w.U32(MembarrierRegistrations);
        w.U32(CoreDumpFilter);
        w.U32(0);
    }

    internal static ProcessRecord Read(uint parent, ref FieldReader r)
    {
        var record = new ProcessRecord
        {
            VPid = (int)parent,
            Dumpable = r.U32(),
            OomScoreAdjustment = r.I32(),
            IsChildSubreaper = ReadFlag(ref r),
            ThpDisable = r.U32(),
            MemoryDenyWriteExecute = r.U32(),
            MembarrierRegistrations = r.U32(),
            CoreDumpFilter = r.U32(),
        };
        r.Pad4();
        return record;
    }

    private static bool ReadFlag(ref FieldReader r)
    {
        var flag = r.U32();
        return flag <= 1 ? flag == 1 : throw r.Bad($"a flag is {flag}, not 0 or 1");
    }
}
