using CrCore.Image;

namespace CrCore.Objects.Events;

/// <summary>SIGNALFD (342): which signals a signalfd(2) takes.</summary>
/// <param name="Mask">Bit n − 1 is signal n.</param>
public sealed record SignalFdRecord(ulong Mask) : ICrRecord
{
    public const int PayloadSize = 8;

    public short Type => EventRecordIds.SignalFd;
    public uint Parent => 0;

    public void Write(ref FieldWriter w) => w.U64(Mask);

    public static SignalFdRecord Read(uint parent, ref FieldReader r) => new(r.U64());
}
