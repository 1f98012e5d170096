using CrCore.Image;

namespace CrCore.Objects.ProcessState;

/// <summary>TASK_MODES (172): what few tasks turn on for all of their threads; only where something is not as it is at first.</summary>
/// <param name="VPid">The task: the framing's parent.</param>
/// <param name="MergesMemory">Equal pages become one (PR_SET_MEMORY_MERGE).</param>
/// <param name="FutexSlots">Buckets of the task's own table of futexes (PR_FUTEX_HASH_GET_SLOTS); 0 for none.</param>
/// <param name="StatePermissions">ARCH_GET_XCOMP_PERM: components of the processor's state that its threads may use.</param>
public sealed record TaskModesRecord(int VPid, bool MergesMemory, uint FutexSlots, ulong StatePermissions) : ICrRecord
{
    internal const int PayloadSize = 16;

    /// <inheritdoc/>
    public short Type => ProcessRecordIds.TaskModes;
    /// <inheritdoc/>
    public uint Parent => (uint)VPid;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32(MergesMemory ? 1u : 0);
        w.U32(FutexSlots);
        w.U64(StatePermissions);
    }

    internal static TaskModesRecord Read(uint parent, ref FieldReader r)
    {
        var merges = r.U32();
        return merges <= 1 ? new((int)parent, merges == 1, r.U32(), r.U64()) : throw r.Bad($"a flag is {merges}, not 0 or 1");
    }
}
