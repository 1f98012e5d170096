namespace CrCore.Image;

/// <summary>HEAD (1): what wrote the image, when, and on which kernel.</summary>
public sealed record HeadRecord : ICrRecord
{
    /// <summary>Payload bytes of revision 3; revision 4 goes on behind them.</summary>
    public const int Revision3Size = 224;

    /// <inheritdoc/>
    public short Type => RecordIds.Head;
    /// <inheritdoc/>
    public uint Parent => 0;

    /// <summary>The kernel's version number.</summary>
    public ushort Major { get; init; }
    /// <summary>The kernel's second number: 18 of 6.18.2.</summary>
    public ushort Minor { get; init; }
    /// <summary>The kernel's third number: 2 of 6.18.2.</summary>
    public ushort Patch { get; init; }

    /// <summary>The image's revision: 4, or 3 for images of 2008.</summary>
    public ushort Revision { get; init; } = ImageFormat.Revision;

    /// <summary>Seconds since 1970, UTC.</summary>
    public ulong Time { get; init; }

    /// <summary>The checkpoint's flags; none is defined so far.</summary>
    public ulong Flags { get; init; }

    /// <summary>uname(2): release, at most 64 bytes.</summary>
    public string Release { get; init; } = "";

    /// <summary>uname(2): version, at most 64 bytes.</summary>
    public string Version { get; init; } = "";

    /// <summary>uname(2): machine, at most 64 bytes.</summary>
    public string Machine { get; init; } = "";

    /// <summary>Names this image among all others (RFC 9562). Empty in revision 3.</summary>
    public Guid ImageId { get; init; }

    /// <summary>Nanoseconds since 1970, UTC, when the tree was frozen. 0 in revision 3.</summary>
    public ulong CreatedNanoseconds { get; init; }

    /// <summary>Bits that a reader must know to read on; none is defined so far.</summary>
    public ulong RequiredFeatures { get; init; }

    /// <summary>Bytes of a page; always 4096.</summary>
    public uint PageSize { get; init; } = ImageFormat.PageSize;

    /// <summary>The program that wrote the image and its version. Empty in revision 3.</summary>
    public string Writer { get; init; } = "";

    /// <summary>uname(2): nodename of the machine it was written on. Empty in revision 3.</summary>
    public string NodeName { get; init; } = "";

    /// <summary>What the image makes use of, in words for people and scripts; a reader need not know them.</summary>
    public IReadOnlyList<string> Features { get; init; } = [];

    /// <summary>When the tree was frozen.</summary>
    public DateTimeOffset Created
    {
        get
        {
            var ticks = CreatedNanoseconds != 0 ? CreatedNanoseconds / 100 : Math.Min(Time, MaxSeconds) * TimeSpan.TicksPerSecond;
            return DateTimeOffset.UnixEpoch.AddTicks((long)Math.Min(ticks, MaxSeconds * TimeSpan.TicksPerSecond));
        }
    }

    // The last second that DateTimeOffset can hold, so that no image makes Created fail.
    private const ulong MaxSeconds = 253_402_300_799;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U64(ImageFormat.HeadMagic);
        w.U16(Major);
        w.U16(Minor);
        w.U16(Patch);
        w.U16(Revision);
        w.U64(Time);
        w.U64(Flags);
        w.FixedText(Release, 64);
        w.FixedText(Version, 64);
        w.FixedText(Machine, 64);
        if (Revision < ImageFormat.Revision)
            return;
        Span<byte> id = stackalloc byte[16];
        ImageId.TryWriteBytes(id, bigEndian: true, out _);
        w.Raw(id);
        w.U64(CreatedNanoseconds);
        w.U64(RequiredFeatures);
        w.U32(PageSize);
        w.Text(Writer);
        w.Text(NodeName);
        w.U32((uint)Features.Count);
        foreach (var feature in Features)
            w.Text(feature);
    }

    /// <summary>Reads a payload that <see cref="Write"/> wrote.</summary>
    /// <exception cref="CrImageException">CrImageBadField: it breaks the format.</exception>
    public static HeadRecord Read(uint parent, ref FieldReader r)
    {
        var magic = r.U64();
        if (magic != ImageFormat.HeadMagic)
            throw r.Bad($"the head's magic number is {magic:x16}");
        var head = new HeadRecord
        {
            Major = r.U16(),
            Minor = r.U16(),
            Patch = r.U16(),
            Revision = r.U16(),
            Time = r.U64(),
            Flags = r.U64(),
            Release = r.FixedText(64),
            Version = r.FixedText(64),
            Machine = r.FixedText(64),
        };
        return head.Revision < ImageFormat.Revision ? head : head.ReadRevision4(ref r);
    }

    private HeadRecord ReadRevision4(ref FieldReader r)
    {
        var head = this with
        {
            ImageId = new Guid(r.Raw(16), bigEndian: true),
            CreatedNanoseconds = r.U64(),
            RequiredFeatures = r.U64(),
            PageSize = r.U32(),
            Writer = r.Text(256),
            NodeName = r.Text(256),
        };
        var features = new string[r.Count(4)];
        for (var i = 0; i < features.Length; i++)
            features[i] = r.Text(256);
        return head.PageSize == ImageFormat.PageSize
            ? head with { Features = features }
            : throw r.Bad($"the page size is {head.PageSize}, not 4096");
    }
}
