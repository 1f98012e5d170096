using CrCore.Image;

namespace CrCore.Objects.Files;

/// <summary>
/// FILES (301): a task's table of descriptors. Tasks that share one (CLONE_FILES) name the same reference; its
/// descriptors follow at its first sight alone.
/// </summary>
/// <param name="VPid">The task: the framing's parent.</param>
/// <param name="Table">The table's reference.</param>
/// <param name="Count">FD_ENT records that follow: 0 where the table stood before.</param>
public sealed record FilesRecord(uint VPid, uint Table, uint Count) : ICrRecord
{
    internal const short Id = 301;
    internal const int PayloadSize = 8;

    /// <inheritdoc/>
    public short Type => Id;
    /// <inheritdoc/>
    public uint Parent => VPid;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32(Table);
        w.U32(Count);
    }

    internal static FilesRecord Read(uint parent, ref FieldReader r) => new(parent, r.U32(), r.U32());
}

/// <summary>
/// HELD (502): a description that stands here and not behind a descriptor, for it was found in a message that nobody has
/// read. It stands behind the descriptors of the table whose socket has the message; FD_DATA follows.
/// </summary>
/// <param name="Description">The open file description's reference.</param>
public sealed record HeldRecord(uint Description) : ICrRecord
{
    internal const short Id = 502;
    internal const int PayloadSize = 8;

    /// <inheritdoc/>
    public short Type => Id;
    /// <inheritdoc/>
    public uint Parent => 0;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32(Description);
        w.U32(0);
    }

    internal static HeldRecord Read(uint parent, ref FieldReader r)
    {
        var record = new HeldRecord(r.U32());
        r.Pad4();
        return record;
    }
}

/// <summary>FD_ENT (302): one descriptor. FD_DATA follows at the first sight of its description.</summary>
/// <param name="Description">The open file description's reference.</param>
/// <param name="Fd">The descriptor's number, 0 or more.</param>
/// <param name="CloseOnExec">execve(2) closes it (FD_CLOEXEC of fcntl(2)).</param>
public sealed record FdEntRecord(uint Description, int Fd, bool CloseOnExec) : ICrRecord
{
    internal const short Id = 302;
    internal const int PayloadSize = 16;

    /// <inheritdoc/>
    public short Type => Id;
    /// <inheritdoc/>
    public uint Parent => 0;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32(Description);
        w.I32(Fd);
        w.U32(CloseOnExec ? 1u : 0);
        w.U32(0);
    }

    internal static FdEntRecord Read(uint parent, ref FieldReader r)
    {
        var record = new FdEntRecord(r.U32(), r.I32(), r.U32() != 0);
        r.U32();
        return record.Fd >= 0 ? record : throw r.Bad($"a descriptor's number is {record.Fd}");
    }
}
