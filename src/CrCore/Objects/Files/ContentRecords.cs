using CrCore.Image;

namespace CrCore.Objects.Files;

/// <summary>GHOST (305): a deleted file that descriptions still refer to. Its contents follow in FILE_DATA records.</summary>
/// <param name="Mode">File type and permissions.</param>
/// <param name="Size">In bytes, holes included.</param>
/// <param name="AccessedNs">Nanoseconds since 1970, as <paramref name="ModifiedNs"/>.</param>
public sealed record GhostRecord(uint ObjRef, uint Mode, uint Uid, uint Gid, long Size, long AccessedNs, long ModifiedNs) : ISharedObject
{
    public const short Id = 305;
    public const int PayloadSize = 36;

    public short Type => Id;
    public uint Parent => ObjRef;

    public void Write(ref FieldWriter w)
    {
        w.U32(Mode);
        w.U32(Uid);
        w.U32(Gid);
        w.I64(Size);
        w.I64(AccessedNs);
        w.I64(ModifiedNs);
    }

    public static GhostRecord Read(uint parent, ref FieldReader r)
        => new(parent, r.U32(), r.U32(), r.U32(), FileDataRecord.ReadSize(ref r), r.I64(), r.I64());
}

/// <summary>FILE_DATA (306): a piece of a saved file's contents. What no piece covers is a hole.</summary>
/// <param name="Object">The file: the framing's parent.</param>
/// <param name="Offset">In bytes from the file's start.</param>
/// <param name="Bytes">1 to <see cref="MaxBytes"/> bytes.</param>
public sealed record FileDataRecord(uint Object, long Offset, ReadOnlyMemory<byte> Bytes) : ICrRecord
{
    public const short Id = 306;
    public const int MaxBytes = 256 * 1024;

    public short Type => Id;
    public uint Parent => Object;

    public void Write(ref FieldWriter w)
    {
        w.I64(Offset);
        w.Raw(Bytes.Span);
    }

    public static FileDataRecord Read(uint parent, ref FieldReader r)
        => new(parent, ReadSize(ref r), r.Raw(r.Remaining).ToArray());

    /// <summary>A size or offset: 0 or more.</summary>
    internal static long ReadSize(ref FieldReader r)
    {
        var size = r.I64();
        return size >= 0 ? size : throw r.Bad($"a size is {size}");
    }

    public bool Equals(FileDataRecord? other)
        => other is not null && Object == other.Object && Offset == other.Offset && Bytes.Span.SequenceEqual(other.Bytes.Span);

    public override int GetHashCode() => HashCode.Combine(Object, Offset, Bytes.Length);
}
