using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Files;

/// <summary>How a file of today differs from the one that was saved.</summary>
public enum FileChange
{
    /// <summary>It is the one that was saved, as far as can be seen.</summary>
    None,
    /// <summary>Its size is another.</summary>
    Size,
    /// <summary>It was written to, or replaced: its time of modification is another.</summary>
    Modified,
}

/// <summary>What tells a file apart, and whether it is still as it was.</summary>
/// <param name="Device">The file system's device number, as stat(2) gives it. It may change from boot to boot.</param>
/// <param name="Inode">Its number there, as stat(2) gives it.</param>
/// <param name="Size">In bytes.</param>
/// <param name="ModifiedNs">Nanoseconds since 1970.</param>
public readonly record struct FileIdentity(ulong Device, ulong Inode, long Size, long ModifiedNs)
{
    /// <summary>Bytes in an image.</summary>
    public const int EncodedSize = 32;

    internal static FileIdentity Of(in FileStatus status) => new(status.Device, status.Inode, status.Size, status.ModifiedNs);

    /// <summary>Whether both are one file on this machine.</summary>
    public bool IsSameInode(in FileIdentity other) => Device == other.Device && Inode == other.Inode;

    /// <summary>
    /// What changed since the file was saved. Device and inode do not count: a copy that kept size and time serves as well.
    /// </summary>
    public FileChange ChangeTo(in FileIdentity now)
        => now.Size != Size ? FileChange.Size : now.ModifiedNs != ModifiedNs ? FileChange.Modified : FileChange.None;

    /// <summary>The change in words: a clause for an obstacle's reason.</summary>
    public string Describe(FileChange change, in FileIdentity now) => change switch
    {
        FileChange.Size => $"its size was {Size} bytes when it was saved and is {now.Size} now",
        FileChange.Modified => $"it was modified at {Time(now.ModifiedNs)}, after it was saved as of {Time(ModifiedNs)}",
        _ => "it is as it was saved",
    };

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U64(Device);
        w.U64(Inode);
        w.I64(Size);
        w.I64(ModifiedNs);
    }

    internal static FileIdentity Read(ref FieldReader r) => new(r.U64(), r.U64(), r.I64(), r.I64());

    private static string Time(long ns)
        => DateTimeOffset.UnixEpoch.AddTicks(ns / 100).ToString("yyyy-MM-dd HH:mm:ss.fffffff'Z'", System.Globalization.CultureInfo.InvariantCulture);
}
