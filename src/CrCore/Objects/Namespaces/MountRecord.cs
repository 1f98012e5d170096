using CrCore.Image;

namespace CrCore.Objects.Namespaces;

/// <summary>
/// MOUNT (402), at the root of a tree with a mount namespace of its own: a mount that the saving program did not see and
/// that is made anew, its file system being the kernel's own view of something (proc, sysfs, mqueue).
/// </summary>
/// <param name="VPid">The root: the framing's parent.</param>
/// <param name="Point">Where, from the root of the mount namespace.</param>
/// <param name="FileSystem">Type of the file system.</param>
/// <param name="Source">What mountinfo shows as its source.</param>
/// <param name="Flags">MS_* bits of mount(2).</param>
/// <param name="Data">Options of the file system, separated by commas.</param>
public sealed record MountRecord(int VPid, string Point, string FileSystem, string Source, ulong Flags, string Data) : ICrRecord
{
    internal const int MaxPath = 8192, MaxType = 64, MaxData = 4096;
    internal const int MaxPayload = 8 + 4 * 4 + 2 * MaxPath + MaxType + MaxData;

    /// <inheritdoc/>
    public short Type => NamespaceRecordIds.Mount;
    /// <inheritdoc/>
    public uint Parent => (uint)VPid;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U64(Flags);
        w.Text(Point);
        w.Text(FileSystem);
        w.Text(Source);
        w.Text(Data);
    }

    internal static MountRecord Read(uint parent, ref FieldReader r)
    {
        var flags = r.U64();
        return new MountRecord((int)parent, r.Text(MaxPath), r.Text(MaxType), r.Text(MaxPath), flags, r.Text(MaxData));
    }
}
