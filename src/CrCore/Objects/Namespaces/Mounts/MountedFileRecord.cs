using CrCore.Image;
using CrCore.Objects.Files;

namespace CrCore.Objects.Namespaces;

/// <summary>
/// MOUNTED_FILE (407): a file of any type in a file system that the tree has for itself (tmpfs), a directory before what is in it.
/// The contents of a regular file, and where a symbolic link leads to, follow in FILE_DATA records.
/// </summary>
/// <param name="ObjRef">The framing's parent.</param>
/// <param name="Mount">The TREE_MOUNT that it is in, counted from 0.</param>
/// <param name="Mode">File type and permissions (inode(7)).</param>
/// <param name="Uid">Owner, as the saving program saw it.</param>
/// <param name="Gid">Group, likewise.</param>
/// <param name="Size">In bytes, holes included.</param>
/// <param name="AccessedNs">Nanoseconds since 1970, as <paramref name="ModifiedNs"/>.</param>
/// <param name="ModifiedNs">Last modification.</param>
/// <param name="RawDevice">The device that a device file stands for.</param>
/// <param name="Name">From the root of the mount namespace.</param>
/// <param name="SameAs">An earlier name of the same file (hard link), or empty; then all else is that one's.</param>
public sealed record MountedFileRecord(uint ObjRef, int Mount, uint Mode, uint Uid, uint Gid, long Size, long AccessedNs, long ModifiedNs, ulong RawDevice, string Name, string SameAs) : ISharedObject
{
    /// <summary>Greatest size of the record, in bytes.</summary>
    internal const int MaxPayload = 52 + 2 * (4 + MountRecord.MaxPath);

    /// <inheritdoc/>
    public short Type => NamespaceRecordIds.MountedFile;

    /// <inheritdoc/>
    public uint Parent => ObjRef;

    /// <summary>The type's bits of <see cref="Mode"/>.</summary>
    public uint FileType => Mode & 0xf000;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.I32(Mount);
        w.U32(Mode);
        w.U32(Uid);
        w.U32(Gid);
        w.I64(Size);
        w.I64(AccessedNs);
        w.I64(ModifiedNs);
        w.U64(RawDevice);
        w.Text(Name);
        w.Text(SameAs);
    }

    /// <summary>Decodes the fields.</summary>
    /// <param name="parent">The framing's parent.</param>
    /// <param name="r">Stands at the first field.</param>
    internal static MountedFileRecord Read(uint parent, ref FieldReader r)
    {
        var record = new MountedFileRecord(parent, r.I32(), r.U32(), r.U32(), r.U32(), FileDataRecord.ReadSize(ref r), r.I64(), r.I64(), r.U64(), r.Text(MountRecord.MaxPath), r.Text(MountRecord.MaxPath));
        return record.Name.StartsWith('/') && (record.SameAs.Length == 0 || record.SameAs.StartsWith('/')) ? record
            : throw r.Bad($"a mounted file has the name '{record.Name}', the same as '{record.SameAs}'");
    }
}
