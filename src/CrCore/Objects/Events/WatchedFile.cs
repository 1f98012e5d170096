using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;

namespace CrCore.Objects.Events;

/// <summary>A file, directory or mount that an inotify instance or a fanotify group watches, and the ways to find it again.</summary>
/// <param name="Path">A name that leads to it; or empty.</param>
/// <param name="Anchor">The GHOST or REMAP of a file that its name does not lead to, or 0.</param>
/// <param name="FileMode">File type and permissions.</param>
/// <param name="Mount">Where its file system is mounted, for the handle; or empty.</param>
/// <param name="Handle">What its file system calls it; not known where there is a path or an anchor.</param>
public readonly record struct WatchedFile(string Path, uint Anchor, uint FileMode, string Mount, FileHandle Handle)
{
    internal const int MaxEncoded = 20 + 2 * FNameRecord.MaxBytes + FileHandle.MaxBytes;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32(Anchor);
        w.U32(FileMode);
        w.I32(Handle.Type);
        w.Blob(Handle.Bytes.Span);
        w.Text(Mount);
        w.Text(Path);
    }

    internal static WatchedFile Read(ref FieldReader r)
    {
        var (anchor, mode, type) = (r.U32(), r.U32(), r.I32());
        var handle = new FileHandle(type, r.Blob(FileHandle.MaxBytes));
        var file = new WatchedFile("", anchor, mode, r.Text(FNameRecord.MaxBytes), handle) with { Path = r.Text(FNameRecord.MaxBytes) };
        return file.Path.StartsWith('/') || anchor != 0 || (handle.IsKnown && file.Mount.StartsWith('/')) ? file : throw r.Bad("nothing leads to a watched file");
    }
}
