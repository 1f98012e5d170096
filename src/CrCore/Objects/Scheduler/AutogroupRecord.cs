using CrCore.Image;

namespace CrCore.Objects.Scheduler;

/// <summary>AUTOGROUP (174): the nice value of a session as a whole (sched(7)), at the first task of it in the tree; only where it is not 0.</summary>
public sealed record AutogroupRecord(int VPid, int Nice) : ICrRecord
{
    public const short Id = 174;

    public const int PayloadSize = 8;

    public short Type => Id;
    public uint Parent => (uint)VPid;

    public void Write(ref FieldWriter w)
    {
        w.I32(Nice);
        w.U32(0);
    }

    public static AutogroupRecord Read(uint parent, ref FieldReader r)
    {
        var nice = r.I32();
        r.Pad4();
        return nice is >= -20 and <= 19 ? new((int)parent, nice) : throw r.Bad($"a nice value is {nice}");
    }
}
