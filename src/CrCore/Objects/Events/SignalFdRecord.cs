using CrCore.Image;

namespace CrCore.Objects.Events;

/// <summary>SIGNALFD (342): which signals a signalfd(2) takes.</summary>
/// <param name="Mask">Bit n − 1 is signal n.</param>
public sealed record SignalFdRecord(ulong Mask) : ICrRecord
{
    internal const int PayloadSize = 8;

    /// <inheritdoc/>
    public short Type => EventRecordIds.SignalFd;
    /// <inheritdoc/>
    public uint Parent => 0;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w) => w.U64(Mask);

    internal static SignalFdRecord Read(uint parent, ref FieldReader r) => new(r.U64());
}
