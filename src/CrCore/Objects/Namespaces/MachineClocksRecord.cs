using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Namespaces;

/// <summary>
/// MACHINE_CLOCKS (177): what the clocks of the saving program's time namespace showed, of a tree that was in it, too. They
/// begin anew with every start of the machine, and programs keep times of them in their memory.
/// </summary>
/// <param name="VPid">The root: the framing's parent.</param>
/// <param name="Monotonic">CLOCK_MONOTONIC.</param>
/// <param name="Boottime">CLOCK_BOOTTIME.</param>
public sealed record MachineClocksRecord(int VPid, TimeSpec Monotonic, TimeSpec Boottime) : ICrRecord
{
    internal const short Id = 177;
    internal const int PayloadSize = 2 * 16;

    /// <inheritdoc/>
    public short Type => Id;
    /// <inheritdoc/>
    public uint Parent => (uint)VPid;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        ClocksRecord.Write(ref w, Monotonic);
        ClocksRecord.Write(ref w, Boottime);
    }

    internal static MachineClocksRecord Read(uint parent, ref FieldReader r)
        => new((int)parent, ClocksRecord.ReadTime(ref r), ClocksRecord.ReadTime(ref r));

    /// <summary>As the clocks of a time namespace of the tree's own.</summary>
    public ClocksRecord AsOwn() => new(VPid, ForChildren: false, IsInside: false, Monotonic, Boottime);

    /// <summary>How far a clock lags behind what the tree has seen of it; null where it does not.</summary>
    /// <param name="now">CLOCK_MONOTONIC here and now.</param>
    public TimeSpan? LagOf(TimeSpec now)
    {
        var lag = Monotonic.Minus(now);
        return lag.Seconds >= 0 && lag is not { Seconds: 0, Nanoseconds: 0 } ? TimeSpan.FromSeconds(Math.Min(lag.Seconds, TimeSpan.MaxValue.Days * 86_400L)) : null;
    }
}
