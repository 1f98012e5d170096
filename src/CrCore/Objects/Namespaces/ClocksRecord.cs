using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Namespaces;

/// <summary>
/// CLOCKS (408): what the clocks of a time namespace (time_namespaces(7)) of the tree's own showed when it was saved: they go
/// on from there.
/// </summary>
/// <param name="VPid">The task: the framing's parent.</param>
/// <param name="ForChildren">The one that the task's next children will be in, which it is not in itself.</param>
/// <param name="IsInside">The namespace belongs to the tree's own user namespace, and not to the one that this is in.</param>
/// <param name="Monotonic">CLOCK_MONOTONIC.</param>
/// <param name="Boottime">CLOCK_BOOTTIME.</param>
public sealed record ClocksRecord(int VPid, bool ForChildren, bool IsInside, TimeSpec Monotonic, TimeSpec Boottime) : ICrRecord
{
    internal const short Id = 408;
    internal const int PayloadSize = 8 + 2 * 16;

    /// <summary>As far as the kernel lets a clock be set ahead: half of what nanoseconds in 64 bits hold (KTIME_SEC_MAX / 2).</summary>
    public const long MostSeconds = long.MaxValue / 1_000_000_000 / 2;

    /// <inheritdoc/>
    public short Type => Id;
    /// <inheritdoc/>
    public uint Parent => (uint)VPid;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32(ForChildren ? 1u : 0);
        w.U32(IsInside ? 1u : 0);
        Write(ref w, Monotonic);
        Write(ref w, Boottime);
    }

    internal static ClocksRecord Read(uint parent, ref FieldReader r)
    {
        var forChildren = r.U32() != 0;
        var isInside = r.U32() != 0;
        return new((int)parent, forChildren, isInside, ReadTime(ref r), ReadTime(ref r));
    }

    internal static void Write(ref FieldWriter w, TimeSpec time)
    {
        w.I64(time.Seconds);
        w.I64(time.Nanoseconds);
    }

    internal static TimeSpec ReadTime(ref FieldReader r)
    {
        var time = new TimeSpec(r.I64(), r.I64());
        return time is { Seconds: >= 0 and <= MostSeconds, Nanoseconds: >= 0 and < 1_000_000_000 } ? time
            : throw r.Bad($"a clock shows {time.Seconds} seconds and {time.Nanoseconds} nanoseconds");
    }
}
