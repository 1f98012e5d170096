using CrCore.Image;
using CrCore.Objects.Files;

namespace CrCore.Objects.Events;

/// <summary>EPOLL_TARGET (343): what an epoll(7) instance watches. One record for each target.</summary>
/// <param name="Number">The descriptor number that it was added under; it may be closed or mean something else by now.</param>
/// <param name="Events">EPOLL* of epoll_ctl(2), with its options.</param>
/// <param name="Data">What epoll_wait gives back.</param>
/// <param name="HolderVPid">A task that has a descriptor onto the target; 0 when it is in flight.</param>
/// <param name="HolderFd">That descriptor; of one in flight the reference of its description.</param>
public sealed record EpollTargetRecord(int Number, uint Events, ulong Data, int HolderVPid, int HolderFd) : IDescribedRecord, IUsesNumber
{
    internal const int PayloadSize = 24;

    /// <inheritdoc/>
    public short Type => EventRecordIds.EpollTarget;
    /// <inheritdoc/>
    public uint Parent => 0;

    string IDescribedRecord.Description => $"watches {HolderVPid}:{HolderFd}";

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.I32(Number);
        w.U32(Events);
        w.U64(Data);
        w.I32(HolderVPid);
        w.I32(HolderFd);
    }

    internal static EpollTargetRecord Read(uint parent, ref FieldReader r)
    {
        var record = new EpollTargetRecord(r.I32(), r.U32(), r.U64(), r.I32(), r.I32());
        return record.Number >= 0 ? record : throw r.Bad($"an epoll target was added as descriptor {record.Number}");
    }
}
