using CrCore.Image;

namespace CrCore.Objects.Events;

/// <summary>EVENTFD (340): the counter behind an eventfd(2).</summary>
/// <param name="Count">0 … 2^64 − 2.</param>
/// <param name="IsSemaphore">A read takes 1 and not all (EFD_SEMAPHORE).</param>
public sealed record EventFdRecord(ulong Count, bool IsSemaphore) : ICrRecord
{
    internal const int PayloadSize = 16;

    /// <inheritdoc/>
    public short Type => EventRecordIds.EventFd;
    /// <inheritdoc/>
    public uint Parent => 0;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U64(Count);
        w.U32(IsSemaphore ? 1u : 0);
        w.U32(0);
    }

    internal static EventFdRecord Read(uint parent, ref FieldReader r)
    {
        var record = new EventFdRecord(r.U64(), r.U32() != 0);
        r.Pad4();
        return record.Count == ulong.MaxValue ? throw r.Bad("an eventfd has a counter that cannot be written") : record;
    }
}
