using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Events;

/// <summary>EPOLL_POLLING (345): how an epoll(7) instance polls network devices (EPIOCSPARAMS). Only of one that was told to.</summary>
public sealed record EpollPollingRecord(EpollPolling Polling) : ICrRecord
{
    internal const int PayloadSize = 12;

    /// <inheritdoc/>
    public short Type => EventRecordIds.EpollPolling;

    /// <inheritdoc/>
    public uint Parent => 0;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32(Polling.Microseconds);
        w.U32(Polling.Budget);
        w.U32(Polling.IsPreferred);
    }

    internal static EpollPollingRecord Read(uint parent, ref FieldReader r)
    {
        var (microseconds, budget, isPreferred) = (r.U32(), r.U32(), r.U32());
        return microseconds <= int.MaxValue && budget <= ushort.MaxValue && isPreferred <= 1 ? new(new EpollPolling(microseconds, (ushort)budget, (byte)isPreferred))
            : throw r.Bad($"an epoll instance polls for {microseconds} µs, {budget} packets in one go");
    }
}
