using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Limits;

/// <summary>LIMITS (160): the 16 resource limits of a task (getrlimit(2)), by <see cref="ResourceKind"/>.</summary>
public sealed record LimitsRecord(int VPid, IReadOnlyList<RLimit64> Limits) : ICrRecord
{
    public const short Id = 160;

    public const int PayloadSize = ProcLimits.Count * 16;

    public short Type => Id;
    public uint Parent => (uint)VPid;

    public void Write(ref FieldWriter w)
    {
        foreach (var (soft, hard) in Limits)
        {
            w.U64(soft);
            w.U64(hard);
        }
    }

    public static LimitsRecord Read(uint parent, ref FieldReader r)
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
