using CrCore.Image;

namespace CrCore.Objects.Files;

/// <summary>Who is signalled when a description becomes ready (F_SETOWN_EX, F_SETSIG).</summary>
/// <param name="Kind">0 thread, 1 process, 2 process group.</param>
/// <param name="Id">As the tree's pid namespace sees it; 0 for nobody.</param>
/// <param name="Uid">Real user of the one who set it, whose rights the signal has.</param>
/// <param name="EffectiveUid">The effective one.</param>
/// <param name="Signal">0 for SIGIO without details.</param>
public readonly record struct DescriptionOwner(int Kind, int Id, uint Uid, uint EffectiveUid, int Signal)
{
    /// <summary>Somebody is signalled, or it was said which signal somebody would get.</summary>
    public bool IsSet => Id != 0 || Signal != 0;
}

/// <summary>
/// FD_DATA (303): an open file description, at its first sight. FNAME follows, then its kind's own records.
/// The fields up to <see cref="Version"/> are those of 2008; revision 4 goes on behind them.
/// </summary>
public sealed record FdDataRecord : ISharedObject
{
    internal const short Id = 303;
    internal const int Revision3Size = 24;
    internal const int PayloadSize = Revision3Size + 28 + FileIdentity.EncodedSize + 20;

    /// <inheritdoc/>
    public short Type => Id;
    /// <inheritdoc/>
    public uint Parent => ObjRef;

    /// <summary>The framing's parent.</summary>
    public required uint ObjRef { get; init; }

    /// <summary>It decides which records follow the FNAME.</summary>
    public required FdType FdType { get; init; }

    /// <summary>FMODE_READ 1, FMODE_WRITE 2.</summary>
    public required ushort Mode { get; init; }

    /// <summary>As /proc/PID/fdinfo shows them, without O_CLOEXEC.</summary>
    public required uint Flags { get; init; }

    /// <summary>Where the next read or write takes place, in bytes (pos of /proc/PID/fdinfo).</summary>
    public required ulong Position { get; init; }

    /// <summary>f_version of 2008; 0 in revision 4.</summary>
    public ulong Version { get; init; }

    /// <summary>Who is signalled when it becomes ready.</summary>
    public DescriptionOwner Owner { get; init; }

    /// <summary>The object behind it that has a record of its own (a pipe, a deleted file, …), or 0.</summary>
    public uint Object { get; init; }

    /// <summary>The mount, as in mountinfo when it was saved.</summary>
    public int MountId { get; init; }

    /// <summary>The file when it was saved, to see at a restore whether it still is that one.</summary>
    public FileIdentity Identity { get; init; }

    /// <summary>File type and permissions (inode(7)).</summary>
    public uint FileMode { get; init; }

    /// <summary>The device that a device file stands for.</summary>
    public ulong RawDevice { get; init; }

    /// <summary>The file is made up when it is read (proc, sysfs, …): size and time say nothing.</summary>
    public bool IsSynthetic { get; init; }

    /// <summary>The GHOST or REMAP by which a file is made or found again that its name does not lead to, or 0.</summary>
    public uint Anchor { get; init; }

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U16((ushort)FdType);
        w.U16(Mode);
        w.U32(Flags);
        w.U64(Position);
        w.U64(Version);
        w.I32(Owner.Kind);
        w.I32(Owner.Id);
        w.U32(Owner.Uid);
        w.U32(Owner.EffectiveUid);
        w.I32(Owner.Signal);
        w.U32(Object);
        w.I32(MountId);
        Identity.Write(ref w);
        w.U32(FileMode);
        w.U64(RawDevice);
        w.U32(IsSynthetic ? 1u : 0);
        w.U32(Anchor);
    }

    internal static FdDataRecord Read(uint parent, ref FieldReader r)
    {
        var (type, mode, flags, position, version) = ((FdType)r.U16(), r.U16(), r.U32(), r.U64(), r.U64());
        if (r.Remaining == 0)
            return new FdDataRecord { ObjRef = parent, FdType = type, Mode = mode, Flags = flags, Position = position, Version = version };
        return new FdDataRecord
        {
            ObjRef = parent,
            FdType = type,
            Mode = mode,
            Flags = flags,
            Position = position,
            Version = version,
            Owner = new DescriptionOwner(r.I32(), r.I32(), r.U32(), r.U32(), r.I32()),
            Object = r.U32(),
            MountId = r.I32(),
            Identity = FileIdentity.Read(ref r),
            FileMode = r.U32(),
            RawDevice = r.U64(),
            IsSynthetic = r.U32() != 0,
            Anchor = r.U32(),
        };
    }
}
