namespace CrCore.Image;

/// <summary>STRING (3): bytes; behind a TASK, its comm as the kernel keeps it (16 bytes, zero-filled).</summary>
/// <param name="Bytes">With the zeros at the end, if any.</param>
public sealed record StringRecord(ReadOnlyMemory<byte> Bytes) : ICrRecord
{
    /// <inheritdoc/>
    public short Type => RecordIds.String;
    /// <inheritdoc/>
    public uint Parent => 0;

    /// <summary>The bytes as text, without the zeros at the end.</summary>
    public string Text => LinuxText.Decode(Bytes.Span.TrimEnd((byte)0));

    /// <summary>A task's name as the kernel keeps it: cut to 15 bytes, zero-filled to 16.</summary>
    public static StringRecord OfComm(string comm)
    {
        var bytes = new byte[ImageFormat.CommLength];
        var text = LinuxText.Encode(comm);
        text.AsSpan(0, Math.Min(text.Length, ImageFormat.CommLength - 1)).CopyTo(bytes);
        return new StringRecord(bytes);
    }

    /// <summary>
    /// The task's name in the seed's way: more than 16 bytes are cut, fewer are zero-filled; the text ends at the first NUL,
    /// and the sixteenth byte is always one.
    /// </summary>
    public string ToComm()
    {
        var bytes = Bytes.Span[..Math.Min(Bytes.Length, ImageFormat.CommLength - 1)];
        var nul = bytes.IndexOf((byte)0);
        return LinuxText.Decode(nul < 0 ? bytes : bytes[..nul]);
    }

    /// <inheritdoc/>
    public void Write(ref FieldWriter w) => w.Raw(Bytes.Span);

    /// <summary>Reads a payload that <see cref="Write"/> wrote.</summary>
    /// <exception cref="CrImageException">CrImageBadField: it breaks the format.</exception>
    public static StringRecord Read(uint parent, ref FieldReader r) => new(r.Raw(r.Remaining).ToArray());
}

/// <summary>FNAME (4): a path; its length in the framing includes the NUL.</summary>
/// <param name="Path">Without the NUL; what is no UTF-8 as <see cref="LinuxText"/> has it.</param>
public sealed record FNameRecord(string Path) : ICrRecord
{
    /// <summary>PATH_MAX with room for what the kernel adds, such as " (deleted)".</summary>
    public const int MaxBytes = 8192;

    /// <inheritdoc/>
    public short Type => RecordIds.FName;
    /// <inheritdoc/>
    public uint Parent => 0;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.Raw(LinuxText.Encode(Path));
        w.U8(0);
    }

    /// <summary>Reads a payload that <see cref="Write"/> wrote.</summary>
    /// <exception cref="CrImageException">CrImageBadField: it breaks the format.</exception>
    public static FNameRecord Read(uint parent, ref FieldReader r)
    {
        var bytes = r.Raw(r.Remaining);
        if (bytes.Length == 0 || bytes.IndexOf((byte)0) != bytes.Length - 1)
            throw r.Bad("a path does not end at its only NUL");
        return new FNameRecord(LinuxText.Decode(bytes[..^1]));
    }
}
