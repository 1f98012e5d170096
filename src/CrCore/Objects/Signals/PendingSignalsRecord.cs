using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Signals;

/// <summary>
/// SIGPENDING (132): signals that wait for delivery, in the order of their queue: those of the whole task among its
/// records, a thread's own among the thread's.
/// </summary>
/// <param name="Id">The task's vpid, or the thread's vtid.</param>
/// <param name="Infos">siginfo_t of each, 128 bytes (asm-generic/siginfo.h).</param>
public sealed record PendingSignalsRecord(int Id, ReadOnlyMemory<byte> Infos) : ICrRecord
{
    /// <summary>RLIMIT_SIGPENDING bounds a queue in the kernel; this bounds it in an image.</summary>
    public const int MaxCount = 131_072;

    internal const int MaxPayload = 4 + MaxCount * SigInfo.Length;

    /// <inheritdoc/>
    public short Type => SignalRecordIds.Pending;
    /// <inheritdoc/>
    public uint Parent => (uint)Id;

    /// <summary>Signals that wait.</summary>
    public int Count => Infos.Length / SigInfo.Length;

    /// <summary>The siginfo_t at a place of the queue, 128 bytes.</summary>
    public ReadOnlySpan<byte> this[int index] => Infos.Span.Slice(index * SigInfo.Length, SigInfo.Length);

    /// <summary>The number of the signal at <paramref name="index"/>, 1 … 64.</summary>
    public int Signal(int index) => BitConverter.ToInt32(this[index]);

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32((uint)Count);
        w.Raw(Infos.Span);
    }

    internal static PendingSignalsRecord Read(uint parent, ref FieldReader r)
    {
        var count = r.Count(SigInfo.Length);
        var record = new PendingSignalsRecord((int)parent, r.Raw(count * SigInfo.Length).ToArray());
        for (var i = 0; i < count; i++)
            if (record.Signal(i) is < 1 or > SignalActionsRecord.LastSignal)
                throw r.Bad($"a pending signal has the number {record.Signal(i)}");
        return record;
    }
}
