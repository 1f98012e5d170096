using CrCore.Image;

namespace CrCore.Objects.Terminals;

/// <summary>What else a pseudo-terminal is.</summary>
[Flags]
public enum PtyFlags : uint
{
    /// <summary>Nothing of these.</summary>
    None = 0,
    /// <summary>Slaves may not be opened yet.</summary>
    Locked = 1,
    /// <summary>Packet mode (TIOCPKT).</summary>
    Packet = 2,
    /// <summary>TIOCEXCL on the master.</summary>
    MasterExclusive = 4,
    /// <summary>TIOCEXCL on the slave.</summary>
    SlaveExclusive = 8,
    /// <summary>A slave is open, or was: the master of one that is closed again reads EIO, that of one never opened waits.</summary>
    Opened = 16,
}

/// <summary>PTY (440): a pseudo-terminal, with its master. What waits in it follows in PTY_DATA records.</summary>
public sealed record PtyRecord : ISharedObject, IDescribedRecord
{
    internal const short Id = 440;
    internal const int ModesSize = 44, LockedModesSize = 36, WindowSize = 8;
    internal const int MaxPayload = 24 + ModesSize + LockedModesSize + WindowSize + 4 + 65_536;

    /// <inheritdoc/>
    public short Type => Id;
    /// <inheritdoc/>
    public uint Parent => ObjRef;

    /// <summary>Positive, unique in the image: its master and its slaves refer to it.</summary>
    public required uint ObjRef { get; init; }

    /// <summary>What else it is: locked, in packet mode, for one user alone.</summary>
    public PtyFlags Flags { get; init; }

    /// <summary>Its number below /dev/pts.</summary>
    public uint Index { get; init; }

    /// <summary>The flags with which its master was opened.</summary>
    public uint MasterFlags { get; init; }

    /// <summary>Permissions of the slave's file; 0 when it could not be seen.</summary>
    public uint Mode { get; init; }

    /// <summary>Whose the slave's file is.</summary>
    public uint Uid { get; init; }

    /// <summary>The group of the slave's file.</summary>
    public uint Gid { get; init; }

    /// <summary>struct termios2 of the slave (ioctl_tty(2)).</summary>
    public required ReadOnlyMemory<byte> Modes { get; init; }

    /// <summary>struct termios: the bits that may not be changed.</summary>
    public required ReadOnlyMemory<byte> LockedModes { get; init; }

    /// <summary>struct winsize.</summary>
    public required ReadOnlyMemory<byte> Window { get; init; }

    /// <summary>The device that the master was opened by.</summary>
    public string Multiplexer { get; init; } = "/dev/ptmx";

    /// <summary>Whether it is one of these, at least.</summary>
    public bool Has(PtyFlags flag) => (Flags & flag) != 0;

    /// <inheritdoc/>
    public string Description => $"/dev/pts/{Index}";

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32((uint)Flags);
        w.U32(Index);
        w.U32(MasterFlags);
        w.U32(Mode);
        w.U32(Uid);
        w.U32(Gid);
        w.Raw(Modes.Span);
        w.Raw(LockedModes.Span);
        w.Raw(Window.Span);
        w.Text(Multiplexer);
    }

    internal static PtyRecord Read(uint parent, ref FieldReader r) => new()
    {
        ObjRef = parent,
        Flags = (PtyFlags)r.U32(),
        Index = r.U32(),
        MasterFlags = r.U32(),
        Mode = r.U32(),
        Uid = r.U32(),
        Gid = r.U32(),
        Modes = r.Raw(ModesSize).ToArray(),
        LockedModes = r.Raw(LockedModesSize).ToArray(),
        Window = r.Raw(WindowSize).ToArray(),
        Multiplexer = r.Text(),
    };

    /// <inheritdoc/>
    public bool Equals(PtyRecord? other)
        => other is not null && ObjRef == other.ObjRef && Flags == other.Flags && Index == other.Index && MasterFlags == other.MasterFlags
            && Mode == other.Mode && Uid == other.Uid && Gid == other.Gid && Multiplexer == other.Multiplexer
            && Modes.Span.SequenceEqual(other.Modes.Span) && LockedModes.Span.SequenceEqual(other.LockedModes.Span) && Window.Span.SequenceEqual(other.Window.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(ObjRef, Flags, Index);
}

/// <summary>What a PTY_DATA record is a piece of.</summary>
public enum PtyDataKind : uint
{
    /// <summary>Written by slaves, not yet read from the master.</summary>
    ToMaster = 0,
    /// <summary>Input of the slave: a line with its end, in canonical mode.</summary>
    Line = 1,
    /// <summary>Input of the slave: a line that an end-of-file character ends, perhaps an empty one.</summary>
    EndOfFile = 2,
    /// <summary>Input of the slave: bytes; in canonical mode the line that is still being edited.</summary>
    Bytes = 3,
}

/// <summary>PTY_DATA (441): what waits in a pseudo-terminal, in its order.</summary>
/// <param name="Pty">The framing's parent.</param>
/// <param name="Kind">From which side, and up to which sort of end.</param>
/// <param name="Bytes">May be none: a line that an end-of-file character ends.</param>
public sealed record PtyDataRecord(uint Pty, PtyDataKind Kind, ReadOnlyMemory<byte> Bytes) : ICrRecord
{
    internal const short Id = 441;
    internal const int MaxBytes = 128 * 1024;

    /// <inheritdoc/>
    public short Type => Id;
    /// <inheritdoc/>
    public uint Parent => Pty;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32((uint)Kind);
        w.Raw(Bytes.Span);
    }

    internal static PtyDataRecord Read(uint parent, ref FieldReader r) => new(parent, (PtyDataKind)r.U32(), r.Raw(r.Remaining).ToArray());

    /// <inheritdoc/>
    public bool Equals(PtyDataRecord? other)
        => other is not null && Pty == other.Pty && Kind == other.Kind && Bytes.Span.SequenceEqual(other.Bytes.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Pty, Kind, Bytes.Length);
}

/// <summary>CONTROLLING_TERMINAL (442): the task's controlling terminal, one of the tree's own.</summary>
/// <param name="VPid">The task: the framing's parent.</param>
/// <param name="Pty">The reference of its PTY.</param>
/// <param name="Foreground">The foreground process group, as the tree sees it; 0 for none that the tree knows.</param>
public sealed record ControllingTerminalRecord(int VPid, uint Pty, int Foreground) : ICrRecord
{
    internal const short Id = 442;
    internal const int PayloadSize = 8;

    /// <inheritdoc/>
    public short Type => Id;
    /// <inheritdoc/>
    public uint Parent => (uint)VPid;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32(Pty);
        w.I32(Foreground);
    }

    internal static ControllingTerminalRecord Read(uint parent, ref FieldReader r) => new((int)parent, r.U32(), r.I32());
}
