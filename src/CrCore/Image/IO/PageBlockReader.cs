namespace CrCore.Image;

/// <summary>Reads a PGARR with what is raw behind it, and holds it to its rules.</summary>
internal static class PageBlockReader
{
    /// <summary>
    /// Reads the block whose header was read and covered. The data goes into <paramref name="pages"/>, or is passed over;
    /// either way it is covered. It must not be used before its seal has been checked.
    /// </summary>
    /// <param name="entry">The block's line in the index, the hash not set.</param>
    public static PageArrayRecord Read(FrameReader frame, RecordType type, in RecordHeader h, PageBlock? pages, out PageBlockEntry entry)
    {
        var record = (PageArrayRecord)RecordDecoding.Decode(type, h, frame.ReadCovered(h, type.MaxPayload));
        if (record.PadBytes != PageArrayRecord.PadFor(h.Offset, record.RunCount))
            throw ImageError.Field(h.Offset, $"{record.PadBytes} bytes of padding do not bring the data to a page boundary");
        Span<PageRun> runs = stackalloc PageRun[record.RunCount];
        ReadRuns(frame, h, record, runs);
        ReadPad(frame, h, record.PadBytes);
        ReadData(frame, h, record, pages, runs);
        entry = new PageBlockEntry(h.Offset, record.BlockLength, runs[0].VAddr, runs[^1].End, 0, record.ObjRef, record.PageCount);
        return record;
    }

    private static void ReadRuns(FrameReader frame, in RecordHeader h, PageArrayRecord record, Span<PageRun> runs)
    {
        Span<byte> raw = stackalloc byte[runs.Length * PageRun.Size];
        frame.Source.ReadCovered(raw, "a page block's runs");
        PageRuns.Read(raw, runs);
        if (PageRuns.Problem(runs, record.PageCount) is { } problem)
            throw ImageError.Field(h.Offset, problem);
    }

    private static void ReadPad(FrameReader frame, in RecordHeader h, int bytes)
    {
        Span<byte> pad = stackalloc byte[bytes];
        frame.Source.ReadCovered(pad, "a page block's padding");
        if (pad.ContainsAnyExcept((byte)0))
            throw ImageError.Field(h.Offset, "the padding before the data is not zero");
    }

    private static void ReadData(FrameReader frame, in RecordHeader h, PageArrayRecord record, PageBlock? pages, ReadOnlySpan<PageRun> runs)
    {
        const string what = "a page block's data";
        if (pages is null)
        {
            frame.Source.Skip(record.StoredBytes, covered: true, what);
            return;
        }
        frame.Source.ReadCovered(pages.Start(record, h.Offset, runs), what);
    }
}
