using CrCore.Image;

namespace CrCore.Objects.Events;

/// <summary>PIDFD (349): the process behind a pidfd_open(2) descriptor.</summary>
/// <param name="VPid">A task of the tree, or 0 for a process that has ended and was waited for.</param>
/// <param name="Ended">Which ended process, 1 or more: pidfds with one number are of one process. 0 for a task of the tree.</param>
/// <param name="Status">Of an ended process, as wait(2) tells it.</param>
public sealed record PidFdRecord(int VPid, uint Ended, int Status) : ICrRecord
{
    internal const int PayloadSize = 16;

    /// <inheritdoc/>
    public short Type => EventRecordIds.PidFd;
    /// <inheritdoc/>
    public uint Parent => 0;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.I32(VPid);
        w.U32(Ended);
        w.I32(Status);
        w.U32(0);
    }

    internal static PidFdRecord Read(uint parent, ref FieldReader r)
    {
        var record = new PidFdRecord(r.I32(), r.U32(), r.I32());
        r.Pad4();
        return record.VPid >= 0 && record.VPid == 0 != (record.Ended == 0) ? record : throw r.Bad($"a pidfd is of task {record.VPid} and of ended process {record.Ended}");
    }
}
