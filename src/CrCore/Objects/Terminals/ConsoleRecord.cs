using CrCore.Image;

namespace CrCore.Objects.Terminals;

/// <summary>CONSOLE (445): how a console of the machine was set.</summary>
/// <param name="Device">The terminal that it stood for: /dev/tty0 and /dev/console are others' names.</param>
/// <param name="IsExclusive">Nobody else may open it (TIOCEXCL).</param>
/// <param name="Modes">struct termios2 (ioctl_tty(2)).</param>
/// <param name="Window">struct winsize.</param>
public sealed record ConsoleRecord(uint Device, bool IsExclusive, ReadOnlyMemory<byte> Modes, ReadOnlyMemory<byte> Window) : ICrRecord
{
    internal const short Id = 445;
    internal const int PayloadSize = 8 + PtyRecord.ModesSize + PtyRecord.WindowSize;

    /// <inheritdoc/>
    public short Type => Id;
    /// <inheritdoc/>
    public uint Parent => 0;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32(Device);
        w.U32(IsExclusive ? 1u : 0);
        w.Raw(Modes.Span);
        w.Raw(Window.Span);
    }

    internal static ConsoleRecord Read(uint parent, ref FieldReader r)
        => new(r.U32(), r.U32() != 0, r.Raw(PtyRecord.ModesSize).ToArray(), r.Raw(PtyRecord.WindowSize).ToArray());

    /// <inheritdoc/>
    public bool Equals(ConsoleRecord? other)
        => other is not null && (Device, IsExclusive) == (other.Device, other.IsExclusive) && Modes.Span.SequenceEqual(other.Modes.Span) && Window.Span.SequenceEqual(other.Window.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Device, IsExclusive);
}
