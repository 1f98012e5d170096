using CrCore.Image;

namespace CrCore.Objects.Namespaces;

/// <summary>Where a mount of a tree's own root comes from at the restore.</summary>
public enum MountOrigin
{
    /// <summary>A file or directory of the restoring machine is mounted there (mount(2) with MS_BIND).</summary>
    Host,

    /// <summary>A file or directory of the tree's mounts before this one is mounted there.</summary>
    Tree,

    /// <summary>The file system is made anew.</summary>
    New,

    /// <summary>A file or directory of the restoring machine that the user names, by the mount's key.</summary>
    External,

    /// <summary>It is there already: of a mount namespace beside the root's that begins as a copy of that one.</summary>
    Kept,
}

/// <summary>
/// TREE_MOUNT (406), at the root of a tree whose mount namespace has a root of its own (pivot_root(2)): one for each mount, a
/// mount after the one that it is mounted on; the first is the root.
/// </summary>
/// <param name="VPid">The root task: the framing's parent.</param>
/// <param name="Origin">What is mounted.</param>
/// <param name="IsDirectory">It is mounted on a directory; else on a file.</param>
/// <param name="IsReadOnly">The file system itself can only be read, by whatever mount.</param>
/// <param name="IsUnbindable">It cannot be mounted elsewhere (MS_UNBINDABLE of mount(2)).</param>
/// <param name="Group">The number of its peer group, by which mounts pass on to each other what is mounted on them (mount_namespaces(7)), or 0.</param>
/// <param name="Master">The peer group from which it only receives, or 0.</param>
/// <param name="Flags">MS_* bits of mount(2) of this mount alone.</param>
/// <param name="Point">Where, from the root of the mount namespace.</param>
/// <param name="Source">A path of the machine's or of the tree's; what mountinfo shows as the source of a new file system; the key of one from outside.</param>
/// <param name="FileSystem">Type of the file system.</param>
/// <param name="Data">Options of a new file system, separated by commas.</param>
/// <param name="From">The place, among the records, of the mount of the tree's of which the source is a path, for one that other mounts cover later; -1 for one that can be seen.</param>
public sealed record TreeMountRecord(
    int VPid, MountOrigin Origin, bool IsDirectory, bool IsReadOnly, bool IsUnbindable, uint Group, uint Master, ulong Flags, string Point, string Source, string FileSystem, string Data, int From = -1) : ICrRecord
{
    /// <summary>Greatest size of the record, in bytes.</summary>
    internal const int MaxPayload = 8 + 3 * 4 + 4 * 4 + 2 * MountRecord.MaxPath + MountRecord.MaxType + MountRecord.MaxData;

    /// <summary>Greatest <see cref="From"/>.</summary>
    internal const int MaxFrom = 0xfffe;

    private const int FromShift = 16;
    private const uint DirectoryBit = 0x100, ReadOnlyBit = 0x200, UnbindableBit = 0x400;

    /// <inheritdoc/>
    public short Type => NamespaceRecordIds.TreeMount;

    /// <inheritdoc/>
    public uint Parent => (uint)VPid;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32((uint)Origin | (IsDirectory ? DirectoryBit : 0) | (IsReadOnly ? ReadOnlyBit : 0) | (IsUnbindable ? UnbindableBit : 0) | (uint)(From + 1) << FromShift);
        w.U32(Group);
        w.U32(Master);
        w.U64(Flags);
        w.Text(Point);
        w.Text(Source);
        w.Text(FileSystem);
        w.Text(Data);
    }

    /// <summary>Decodes the fields.</summary>
    /// <param name="parent">The framing's parent.</param>
    /// <param name="r">Stands at the first field.</param>
    internal static TreeMountRecord Read(uint parent, ref FieldReader r)
    {
        var bits = r.U32();
        var (group, master) = (r.U32(), r.U32());
        var flags = r.U64();
        var record = new TreeMountRecord((int)parent, (MountOrigin)(bits & 0xff), (bits & DirectoryBit) != 0, (bits & ReadOnlyBit) != 0, (bits & UnbindableBit) != 0, group, master, flags,
            r.Text(MountRecord.MaxPath), r.Text(MountRecord.MaxPath), r.Text(MountRecord.MaxType), r.Text(MountRecord.MaxData), (int)(bits >> FromShift) - 1);
        if (!Enum.IsDefined(record.Origin))
            throw r.Bad($"the origin of a mount is {(int)record.Origin}");
        if (record.From >= 0 && record.Origin != MountOrigin.Tree)
            throw r.Bad($"a mount on '{record.Point}' that is none of the tree's comes from mount {record.From}");
        if (!record.Point.StartsWith('/') || (record.Origin is MountOrigin.Host or MountOrigin.Tree or MountOrigin.Kept && !record.Source.StartsWith('/')))
            throw r.Bad($"a mount of '{record.Source}' on '{record.Point}' has no absolute path");
        return record;
    }
}
