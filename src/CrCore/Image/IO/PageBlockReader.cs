namespace CrCore.Image;

/// <summary>Reads a PGARR with what is raw behind it, and holds it to its rules.</summary>
internal sealed class PageBlockReader(FrameReader frame, RecordCatalog catalog)
{
    private readonly byte[] _raw = new byte[ImageLimits.MaxBlockPages * PageRun.Size];
    private readonly PageRun[] _runs = new PageRun[ImageLimits.MaxBlockPages];
    private readonly Dictionary<uint, ulong> _ends = [];

    /// <summary>
    /// Reads the block whose header was read and covered. The data goes into <paramref name="pages"/>, or is passed over;
    /// either way it is covered. It must not be used before its seal has been checked.
    /// </summary>
    /// <param name="entry">The block's line in the index, the hash not set.</param>
    public PageArrayRecord Read(in RecordHeader h, PageBlock? pages, out PageBlockEntry entry)
    {
        var type = catalog.Find(h.Type) ?? throw ImageError.UnknownRecord(h.Offset, h.Type);
        var record = (PageArrayRecord)RecordDecoding.Decode(type, h, frame.ReadCovered(h, type.MaxPayload));
        if (record.PadBytes != PageArrayRecord.PadFor(h.Offset, record.RunCount))
            throw ImageError.Field(h.Offset, $"{record.PadBytes} bytes of padding do not bring the data to a page boundary");
        var runs = ReadRuns(h, record);
        if (_ends.TryGetValue(record.ObjRef, out var end) && runs[0].VAddr < end)
            throw ImageError.Field(h.Offset, $"the pages at {runs[0].VAddr:x} of object {record.ObjRef} come after later ones");
        _ends[record.ObjRef] = runs[^1].End;
        ReadPad(h, record.PadBytes);
        ReadData(h, record, pages, runs);
        entry = new PageBlockEntry(h.Offset, record.BlockLength, runs[0].VAddr, runs[^1].End, 0, record.ObjRef, record.PageCount);
        return record;
    }

    private ReadOnlySpan<PageRun> ReadRuns(in RecordHeader h, PageArrayRecord record)
    {
        var raw = _raw.AsSpan(0, record.RunCount * PageRun.Size);
        frame.Source.ReadCovered(raw, "a page block's runs");
        var runs = _runs.AsSpan(0, record.RunCount);
        PageRuns.Read(raw, runs);
        return PageRuns.Problem(runs, record.PageCount) is { } problem ? throw ImageError.Field(h.Offset, problem) : runs;
    }

    private void ReadPad(in RecordHeader h, int bytes)
    {
        var pad = _raw.AsSpan(0, bytes);
        frame.Source.ReadCovered(pad, "a page block's padding");
        if (pad.ContainsAnyExcept((byte)0))
            throw ImageError.Field(h.Offset, "the padding before the data is not zero");
    }

    private void ReadData(in RecordHeader h, PageArrayRecord record, PageBlock? pages, ReadOnlySpan<PageRun> runs)
    {
        const string what = "a page block's data";
        if (pages is null)
        {
            frame.Source.Skip(record.StoredBytes, covered: true, what);
            return;
        }
        if (record.Codec != PageCodec.None)
            throw ImageError.Feature(h.Offset, $"pages compressed with codec {(uint)record.Codec}");
        pages.Start(record, h.Offset, runs);
        frame.Source.ReadCovered(pages.DataSpan, what);
    }
}
