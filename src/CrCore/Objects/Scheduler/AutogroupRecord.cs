using CrCore.Image;

namespace CrCore.Objects.Scheduler;

/// <summary>AUTOGROUP (174): the nice value of a session as a whole (sched(7)), at the first task of it in the tree; only where it is not 0.</summary>
/// <param name="VPid">The task: the framing's parent.</param>
/// <param name="Nice">−20 … 19, not 0.</param>
public sealed record AutogroupRecord(int VPid, int Nice) : ICrRecord
{
    internal const short Id = 174;

    internal const int PayloadSize = 8;

    /// <inheritdoc/>
    public short Type => Id;
    /// <inheritdoc/>
    public uint Parent => (uint)VPid;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.I32(Nice);
        w.U32(0);
    }

    internal static AutogroupRecord Read(uint parent, ref FieldReader r)
    {
        var nice = r.I32();
        r.Pad4();
        return nice is >= -20 and <= 19 ? new((int)parent, nice) : throw r.Bad($"a nice value is {nice}");
    }
}
