using CrCore.Image;

namespace CrCore.Objects.Events;

/// <summary>INOTIFY_WATCH (346): what an inotify(7) instance watches. One record for each watch, ascending.</summary>
/// <param name="Number">The watch descriptor that events bear, 1 or more.</param>
/// <param name="Mask">IN_* of inotify_add_watch(2).</param>
/// <param name="File">What is watched.</param>
public sealed record InotifyWatchRecord(int Number, uint Mask, WatchedFile File) : ICrRecord
{
    internal const int MaxPayload = 8 + WatchedFile.MaxEncoded;

    /// <inheritdoc/>
    public short Type => EventRecordIds.InotifyWatch;
    /// <inheritdoc/>
    public uint Parent => 0;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.I32(Number);
        w.U32(Mask);
        File.Write(ref w);
    }

    internal static InotifyWatchRecord Read(uint parent, ref FieldReader r)
    {
        var record = new InotifyWatchRecord(r.I32(), r.U32(), WatchedFile.Read(ref r));
        return record.Number >= 1 ? record : throw r.Bad($"an inotify watch has the number {record.Number}");
    }
}

/// <summary>FANOTIFY (347): a fanotify(7) group.</summary>
/// <param name="Flags">Of fanotify_init(2).</param>
/// <param name="EventFlags">Flags of the descriptors that come with events.</param>
public sealed record FanotifyRecord(uint Flags, uint EventFlags) : ICrRecord
{
    internal const int PayloadSize = 8;

    /// <inheritdoc/>
    public short Type => EventRecordIds.Fanotify;
    /// <inheritdoc/>
    public uint Parent => 0;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32(Flags);
        w.U32(EventFlags);
    }

    internal static FanotifyRecord Read(uint parent, ref FieldReader r) => new(r.U32(), r.U32());
}

/// <summary>FANOTIFY_MARK (348): what a group watches. One record for each mark.</summary>
/// <param name="Scope">FAN_MARK_INODE 0, FAN_MARK_MOUNT 0x10 or FAN_MARK_FILESYSTEM 0x100 of fanotify_mark(2).</param>
/// <param name="Flags">FAN_MARK_* that the kernel keeps with the mark.</param>
/// <param name="Mask">Events.</param>
/// <param name="Ignored">Events left out.</param>
/// <param name="File">What is watched, or a place on the mount or file system that is.</param>
public sealed record FanotifyMarkRecord(uint Scope, uint Flags, ulong Mask, ulong Ignored, WatchedFile File) : ICrRecord
{
    internal const int MaxPayload = 24 + WatchedFile.MaxEncoded;
    internal const uint Inode = 0, Mount = 0x10, FileSystem = 0x100;

    /// <inheritdoc/>
    public short Type => EventRecordIds.FanotifyMark;
    /// <inheritdoc/>
    public uint Parent => 0;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32(Scope);
        w.U32(Flags);
        w.U64(Mask);
        w.U64(Ignored);
        File.Write(ref w);
    }

    internal static FanotifyMarkRecord Read(uint parent, ref FieldReader r)
    {
        var record = new FanotifyMarkRecord(r.U32(), r.U32(), r.U64(), r.U64(), WatchedFile.Read(ref r));
        return record.Scope is Inode or Mount or FileSystem ? record : throw r.Bad($"a fanotify mark is of the scope {record.Scope:x}");
    }
}
