using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Limits;

/// <summary>LIMITS (160): the 16 resource limits of a task (getrlimit(2)), by <see cref="ResourceKind"/>.</summary>
/// <param name="VPid">The task: the framing's parent.</param>
/// <param name="Limits">Soft and hard, uint64 all ones for none (RLIM64_INFINITY).</param>
public sealed record LimitsRecord(int VPid, IReadOnlyList<RLimit64> Limits) : ICrRecord
{
    internal const short Id = 160;

    internal const int PayloadSize = ProcLimits.Count * 16;

    /// <inheritdoc/>
    public short Type => Id;
    /// <inheritdoc/>
    public uint Parent => (uint)VPid;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        foreach (var (soft, hard) in Limits)
        {
            w.U64(soft);
            w.U64(hard);
        }
    }

    internal static LimitsRecord Read(uint parent, ref FieldReader r)
    {
        var limits = new RLimit64[ProcLimits.Count];
        for (var i = 0; i < limits.Length; i++)
        {
            limits[i] = new(r.U64(), r.U64());
            if (limits[i].Soft > limits[i].Hard)
                throw r.Bad($"the soft limit {(ResourceKind)i} is above the hard one");
        }
        return new LimitsRecord((int)parent, limits);
    }
}
