using CrCore.Image;

namespace CrCore.Objects.Files;

/// <summary>FS (304): working directory, root and umask. Tasks that share them (CLONE_FS) name the same reference.</summary>
/// <param name="VPid">The task: the framing's parent.</param>
/// <param name="Shared">The reference of what is shared.</param>
/// <param name="Umask">Permission bits, 0 to 0777.</param>
/// <param name="WorkingDirectory">From the root of the mount namespace.</param>
/// <param name="Root">The same; <c>/</c> for a task without a root of its own.</param>
/// <param name="WorkingDirectoryAnchor">The GHOST of a deleted directory, or 0.</param>
/// <param name="RootAnchor">The same.</param>
public sealed record FsRecord(uint VPid, uint Shared, uint Umask, string WorkingDirectory, string Root, uint WorkingDirectoryAnchor = 0, uint RootAnchor = 0) : ICrRecord
{
    internal const short Id = 304;
    internal const int MaxPayload = 24 + 2 * FNameRecord.MaxBytes;

    /// <inheritdoc/>
    public short Type => Id;
    /// <inheritdoc/>
    public uint Parent => VPid;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32(Shared);
        w.U32(Umask);
        w.Text(WorkingDirectory);
        w.Text(Root);
        w.U32(WorkingDirectoryAnchor);
        w.U32(RootAnchor);
    }

    internal static FsRecord Read(uint parent, ref FieldReader r)
        => new(parent, r.U32(), r.U32(), r.Text(FNameRecord.MaxBytes), r.Text(FNameRecord.MaxBytes), r.U32(), r.U32());
}
