using CrCore.Image;

namespace CrCore.Objects.Memory;

/// <summary>FUTURE_LOCKS (212): what a task maps from now on is locked into memory (mlockall(2), MCL_FUTURE).</summary>
/// <param name="VPid">The task: the framing's parent.</param>
/// <param name="OnFault">Only once it is touched (MCL_ONFAULT).</param>
public sealed record FutureLocksRecord(int VPid, bool OnFault) : ICrRecord
{
    internal const int PayloadSize = 8;

    /// <inheritdoc/>
    public short Type => MemoryIds.FutureLocks;
    /// <inheritdoc/>
    public uint Parent => (uint)VPid;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32(OnFault ? 1u : 0);
        w.U32(0);
    }

    internal static FutureLocksRecord Read(uint parent, ref FieldReader r)
    {
        var record = new FutureLocksRecord((int)parent, r.U32() != 0);
        r.Pad4();
        return record;
    }
}
