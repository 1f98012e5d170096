namespace CrCore.Image;

/// <summary>How a page block's data is stored.</summary>
public enum PageCodec : uint
{
    /// <summary>As it is.</summary>
    None = 0,
    /// <summary>An LZ4 block.</summary>
    Lz4 = 1,
    /// <summary>A Zstandard frame.</summary>
    Zstd = 2,
}

/// <summary>Consecutive pages of a page block.</summary>
/// <param name="VAddr">The first byte's address in the mm, or its offset in a shared-memory object; a multiple of 4096.</param>
/// <param name="Pages">How many pages of 4096 bytes: 1 or more.</param>
/// <param name="Flags">None is defined so far: 0.</param>
public readonly record struct PageRun(ulong VAddr, uint Pages, uint Flags = 0)
{
    /// <summary>Bytes of a run in the image.</summary>
    public const int Size = 16;

    /// <summary>One past the run's last byte, as <see cref="VAddr"/> counts.</summary>
    public ulong End => VAddr + (ulong)Pages * ImageFormat.PageSize;
}

/// <summary>
/// PGARR (203): a page block. Raw behind it: the runs, zeros so that the data starts at a multiple of 4096 in the image, the data.
/// </summary>
/// <param name="ObjRef">The mm or shared-memory object whose pages these are: the framing's parent.</param>
/// <param name="PageCount">Pages in all runs: 1 to <see cref="ImageLimits.MaxBlockPages"/>.</param>
/// <param name="Codec">How the data is compressed.</param>
/// <param name="RunCount">1 to <paramref name="PageCount"/>.</param>
/// <param name="StoredBytes">Bytes of the data in the image.</param>
/// <param name="PadBytes">Zeros before the data: 0 to 4095.</param>
public sealed record PageArrayRecord(uint ObjRef, int PageCount, PageCodec Codec, int RunCount, long StoredBytes, int PadBytes) : ICrRecord
{
    /// <summary>Bytes of the payload; what stands raw behind it is not counted.</summary>
    public const int PayloadSize = 32;

    /// <inheritdoc/>
    public short Type => RecordIds.PageArray;
    /// <inheritdoc/>
    public uint Parent => ObjRef;

    /// <summary>Bytes from the record's header to the end of its data.</summary>
    public long BlockLength => ImageFormat.HeaderSize + PayloadSize + (long)RunCount * PageRun.Size + PadBytes + StoredBytes;

    /// <summary>The padding that brings the data of a block that starts at <paramref name="offset"/> to a page boundary.</summary>
    public static int PadFor(long offset, int runCount)
        => (int)(-(offset + ImageFormat.HeaderSize + PayloadSize + (long)runCount * PageRun.Size) & (ImageFormat.PageSize - 1));

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U64((ulong)PageCount);
        w.U32((uint)Codec);
        w.U32((uint)RunCount);
        w.U64((ulong)StoredBytes);
        w.U32((uint)PadBytes);
        w.U32(0);
    }

    /// <summary>Reads a payload that <see cref="Write"/> wrote.</summary>
    /// <exception cref="CrImageException">CrImageBadField: it breaks the format.</exception>
    public static PageArrayRecord Read(uint parent, ref FieldReader r)
    {
        var (pages, codec, runs, stored, pad, flags) = (r.U64(), r.U32(), r.U32(), r.U64(), r.U32(), r.U32());
        if (parent == 0)
            throw r.Bad("a page block belongs to no object");
        if (pages is < 1 or > ImageLimits.MaxBlockPages)
            throw r.Bad($"a page block has {pages} pages");
        if (runs < 1 || runs > pages)
            throw r.Bad($"a page block has {runs} runs of {pages} pages");
        if (codec > (uint)PageCodec.Zstd || flags != 0)
            throw r.Bad($"a page block has the codec {codec} and the flags {flags:x}");
        var plain = pages * ImageFormat.PageSize;
        if (codec == (uint)PageCodec.None ? stored != plain : stored < 1 || stored >= plain)
            throw r.Bad($"a page block stores {pages} pages in {stored} bytes");
        if (pad >= ImageFormat.PageSize)
            throw r.Bad($"a page block is padded with {pad} bytes");
        return new PageArrayRecord(parent, (int)pages, (PageCodec)codec, (int)runs, (long)stored, (int)pad);
    }
}
