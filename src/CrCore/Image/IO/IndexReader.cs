namespace CrCore.Image;

/// <summary>Reads the parts of an image file that are found from its end: tail, index, trailer, single page blocks.</summary>
internal static class IndexReader
{
    public static TailRecord ReadTail(ImageBytes file, long length, RecordCatalog catalog)
    {
        var offset = length - ImageFormat.TailSize;
        if (offset < 0)
            throw ImageError.Truncated(length, "the image");
        using var frame = Range(file, offset, length);
        var h = frame.ReadHeader();
        if (h.Type != RecordIds.Tail || h.Length != TailRecord.PayloadSize)
            throw ImageError.Truncated(length, "the image: it does not end with a tail");
        var tail = (TailRecord)RecordDecoding.Decode(Find(catalog, h), h, frame.ReadSingle(h));
        if (tail.TotalLength != length || tail.IndexOffset < 0 || tail.IndexOffset > offset - ImageFormat.HeaderSize)
            throw ImageError.Tail(offset, $"it says {tail.TotalLength} bytes and an index at {tail.IndexOffset}; the file has {length}");
        return tail;
    }

    /// <summary>The index, which must account for every byte from the metadata's end to its own start.</summary>
    public static IndexRecord ReadIndex(ImageBytes file, TailRecord tail, ImageModel model, RecordCatalog catalog)
    {
        using var frame = Range(file, tail.IndexOffset, tail.TotalLength - ImageFormat.TailSize);
        var h = frame.ReadHeader();
        if (h.Type != RecordIds.Index)
            throw ImageError.Index(h.Offset, $"a record of type {h.Type} stands there");
        frame.Cover(h);
        var type = Find(catalog, h);
        var index = (IndexRecord)RecordDecoding.Decode(type, h, frame.ReadCovered(h, type.MaxPayload));
        CheckSeal(frame, catalog);
        if (!frame.Source.AtEnd())
            throw ImageError.Index(frame.Source.Offset, "there are bytes between it and the tail");
        IndexRules.Check(index, h.Offset, model);
        return index;
    }

    public static void ReadBlock(ImageBytes file, in PageBlockEntry entry, PageBlock block, RecordCatalog catalog)
    {
        using var frame = Range(file, entry.Offset, entry.Offset + entry.Length + ImageFormat.SealSize);
        var h = frame.ReadHeader();
        if (h.Type != RecordIds.PageArray)
            throw ImageError.Index(h.Offset, $"a record of type {h.Type} stands where a page block is due");
        frame.Cover(h);
        PageBlockReader.Read(frame, Find(catalog, h), h, block, out var found);
        if ((found with { Hash = CheckSeal(frame, catalog) }) != entry)
            throw ImageError.Index(h.Offset, "it describes another page block than the one that stands there");
    }

    public static IReadOnlyList<ImageRecord> ReadTrailer(ImageBytes file, IndexRecord index, long end, RecordCatalog catalog)
    {
        using var frame = Range(file, index.TrailerOffset, end);
        var records = new List<ImageRecord>();
        while (frame.Source.Offset < end - ImageFormat.SealSize)
        {
            var h = frame.ReadHeader();
            if (RecordIds.IsFrame(h.Type))
                throw ImageError.Order(h.Offset, $"a record of type {h.Type} cannot stand in the trailer");
            frame.Cover(h);
            var type = Find(catalog, h);
            var value = RecordDecoding.Decode(type, h, frame.ReadCovered(h, type.MaxPayload));
            records.Add(new ImageRecord(h.Offset, frame.Source.Offset - h.Offset, type, value));
        }
        if (CheckSeal(frame, catalog) != index.TrailerHash)
            throw ImageError.Index(index.TrailerOffset, "its hash of the trailer is another");
        return records;
    }

    private static ulong CheckSeal(FrameReader frame, RecordCatalog catalog)
    {
        var due = frame.Source.TakeSeal();
        var h = frame.ReadHeader();
        if (h.Type != RecordIds.Seal)
            throw ImageError.Order(h.Offset, $"a record of type {h.Type} stands where a seal is due");
        var seal = (SealRecord)RecordDecoding.Decode(Find(catalog, h), h, frame.ReadSingle(h));
        return seal == due ? due.Hash : throw ImageError.Checksum(h.Offset, due, seal);
    }

    private static FrameReader Range(ImageBytes file, long start, long end)
        => new(new ByteSource(new RangeStream(file, start, end - start), leaveOpen: false, start));

    private static RecordType Find(RecordCatalog catalog, in RecordHeader h)
        => catalog.Find(h.Type) ?? throw ImageError.UnknownRecord(h.Offset, h.Type);
}
