using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Files;

/// <summary>
/// GHOST (305): a file without a name that something of the tree still refers to, of any type. The contents of a regular
/// file, and where a symbolic link leads to, follow in FILE_DATA records.
/// </summary>
/// <param name="ObjRef">The reference: the framing's parent.</param>
/// <param name="Mode">File type and permissions.</param>
/// <param name="Uid">Owner.</param>
/// <param name="Gid">Group of the owner.</param>
/// <param name="Size">In bytes, holes included.</param>
/// <param name="AccessedNs">Nanoseconds since 1970, as <paramref name="ModifiedNs"/>.</param>
/// <param name="RawDevice">The device that a device file stands for.</param>
/// <param name="IsLinkable">Made by O_TMPFILE: it never had a name, and may still get one.</param>
/// <param name="Name">Its last name, or one such as the kernel shows it.</param>
public sealed record GhostRecord(uint ObjRef, uint Mode, uint Uid, uint Gid, long Size, long AccessedNs, long ModifiedNs, ulong RawDevice, bool IsLinkable, string Name) : ISharedObject
{
    internal const short Id = 305;
    internal const int MaxPayload = 52 + FNameRecord.MaxBytes;

    /// <inheritdoc/>
    public short Type => Id;
    /// <inheritdoc/>
    public uint Parent => ObjRef;

    /// <summary>S_IFMT of inode(7): which of the types it is.</summary>
    public uint FileType => Mode & 0xf000;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32(Mode);
        w.U32(Uid);
        w.U32(Gid);
        w.I64(Size);
        w.I64(AccessedNs);
        w.I64(ModifiedNs);
        w.U64(RawDevice);
        w.U32(IsLinkable ? 1u : 0);
        w.Text(Name);
    }

    internal static GhostRecord Read(uint parent, ref FieldReader r)
    {
        var record = new GhostRecord(parent, r.U32(), r.U32(), r.U32(), FileDataRecord.ReadSize(ref r), r.I64(), r.I64(), r.U64(), r.U32() != 0, r.Text(FNameRecord.MaxBytes));
        return record.Name.StartsWith('/') ? record : throw r.Bad($"a deleted file has the name '{record.Name}'");
    }
}

/// <summary>
/// REMAP (307): a file whose name was removed while it has others (hard links). It is found again by another name or by
/// its handle, gets its old name for a moment, and loses it again.
/// </summary>
/// <param name="ObjRef">The reference: the framing's parent.</param>
/// <param name="FileMode">File type and permissions.</param>
/// <param name="Identity">The file when it was saved, to see whether what is found is still that one.</param>
/// <param name="Name">The removed name.</param>
/// <param name="Other">Another name of it, or empty where none was found.</param>
/// <param name="Handle">What its file system calls it; not known where that has no handles.</param>
public sealed record RemapRecord(uint ObjRef, uint FileMode, FileIdentity Identity, string Name, string Other, FileHandle Handle) : ISharedObject
{
    internal const short Id = 307;
    internal const int MaxPayload = 20 + FileIdentity.EncodedSize + 2 * FNameRecord.MaxBytes + FileHandle.MaxBytes;

    /// <inheritdoc/>
    public short Type => Id;
    /// <inheritdoc/>
    public uint Parent => ObjRef;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32(FileMode);
        Identity.Write(ref w);
        w.I32(Handle.Type);
        w.Blob(Handle.Bytes.Span);
        w.Text(Name);
        w.Text(Other);
    }

    internal static RemapRecord Read(uint parent, ref FieldReader r)
    {
        var mode = r.U32();
        var identity = FileIdentity.Read(ref r);
        var handle = new FileHandle(r.I32(), r.Blob(FileHandle.MaxBytes));
        var record = new RemapRecord(parent, mode, identity, r.Text(FNameRecord.MaxBytes), r.Text(FNameRecord.MaxBytes), handle);
        return record.Name.StartsWith('/') && (record.Other.Length > 0 || handle.IsKnown) ? record : throw r.Bad($"a file that was called '{record.Name}' has neither another name nor a handle");
    }
}

/// <summary>FILE_DATA (306): a piece of a saved file's contents. What no piece covers is a hole.</summary>
/// <param name="Object">The file: the framing's parent.</param>
/// <param name="Offset">In bytes from the file's start.</param>
/// <param name="Bytes">1 to <see cref="MaxBytes"/> bytes.</param>
public sealed record FileDataRecord(uint Object, long Offset, ReadOnlyMemory<byte> Bytes) : IContentRecord
{
    internal const short Id = 306;
    internal const int MaxBytes = 256 * 1024;

    /// <inheritdoc/>
    public short Type => Id;
    /// <inheritdoc/>
    public uint Parent => Object;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.I64(Offset);
        w.Raw(Bytes.Span);
    }

    ReadOnlyMemory<byte> IContentRecord.Contents => Bytes;

    ICrRecord IContentRecord.WithContents(ReadOnlyMemory<byte> contents) => this with { Bytes = contents };

    internal static FileDataRecord Read(uint parent, ref FieldReader r)
        => new(parent, ReadSize(ref r), r.Raw(r.Remaining).ToArray());

    /// <summary>A size or offset: 0 or more.</summary>
    internal static long ReadSize(ref FieldReader r)
    {
        var size = r.I64();
        return size >= 0 ? size : throw r.Bad($"a size is {size}");
    }

    /// <inheritdoc/>
    public bool Equals(FileDataRecord? other)
        => other is not null && Object == other.Object && Offset == other.Offset && Bytes.Span.SequenceEqual(other.Bytes.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Object, Offset, Bytes.Length);
}
