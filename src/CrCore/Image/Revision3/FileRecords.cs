namespace CrCore.Image.Revision3;

/// <summary>FILES (301): a table of descriptors; as many FD_ENT records follow as it has.</summary>
/// <param name="VPid">The task.</param>
/// <param name="ObjRef">The table's number, the same where tasks share it.</param>
/// <param name="DescriptorCount">FD_ENT records that follow.</param>
public sealed record Revision3Files(uint VPid, uint ObjRef, uint DescriptorCount) : Revision3Record(VPid)
{
    /// <inheritdoc/>
    public override short Type => Revision3Ids.Files;

    internal static Revision3Files Read(uint parent, ref FieldReader r) => new(parent, r.U32(), r.U32());
}

/// <summary>FD_ENT (302): a descriptor; an FD_DATA follows where its object is seen for the first time.</summary>
/// <param name="ObjRef">The open file's number.</param>
/// <param name="Fd">The descriptor.</param>
/// <param name="CloseOnExec">FD_CLOEXEC.</param>
public sealed record Revision3FdEntry(uint ObjRef, int Fd, bool CloseOnExec) : Revision3Record(0u)
{
    /// <inheritdoc/>
    public override short Type => Revision3Ids.FdEntry;

    internal static Revision3FdEntry Read(uint parent, ref FieldReader r)
    {
        var entry = new Revision3FdEntry(r.U32(), r.I32(), r.U32() != 0);
        r.U32();
        return entry;
    }
}

/// <summary>FD_DATA (303): an open file; its FNAME follows.</summary>
/// <param name="ObjRef">The open file's number: the framing's parent.</param>
/// <param name="FdType">A constant of this type.</param>
/// <param name="Mode">How it was opened: f_mode of struct file (FMODE_ constants of include/linux/fs.h).</param>
/// <param name="Flags">as of open(2).</param>
/// <param name="Position">The file offset, in bytes.</param>
/// <param name="Version">The inode's version.</param>
public sealed record Revision3FdData(uint ObjRef, ushort FdType, ushort Mode, uint Flags, ulong Position, ulong Version) : Revision3Record(ObjRef)
{
    /// <summary>Values of <see cref="FdType"/>.</summary>
    public const ushort File = 1, Directory = 2, Link = 3;

    /// <inheritdoc/>
    public override short Type => Revision3Ids.FdData;

    internal static Revision3FdData Read(uint parent, ref FieldReader r)
    {
        var data = new Revision3FdData(parent, r.U16(), r.U16(), r.U32(), r.U64(), r.U64());
        return data.FdType is >= File and <= Link ? data : throw r.Bad($"an open file has the type {data.FdType}");
    }
}
