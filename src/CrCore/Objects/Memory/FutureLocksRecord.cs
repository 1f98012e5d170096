using CrCore.Image;

namespace CrCore.Objects.Memory;

/// <summary>FUTURE_LOCKS (212): what a task maps from now on is locked into memory (mlockall(2), MCL_FUTURE).</summary>
/// <param name="OnFault">Only once it is touched (MCL_ONFAULT).</param>
public sealed record FutureLocksRecord(int VPid, bool OnFault) : ICrRecord
{
    public const int PayloadSize = 8;

    public short Type => MemoryIds.FutureLocks;
    public uint Parent => (uint)VPid;

    public void Write(ref FieldWriter w)
    {
        w.U32(OnFault ? 1u : 0);
        w.U32(0);
    }

    public static FutureLocksRecord Read(uint parent, ref FieldReader r)
    {
        var record = new FutureLocksRecord((int)parent, r.U32() != 0);
        r.Pad4();
        return record;
    }
}
