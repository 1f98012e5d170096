namespace CrCore.Image;

/// <summary>
/// Revision 4 from front to end: which record may stand where, seals, page blocks, index and tail. Record by record,
/// forward only. What the records say of the tree is <see cref="ModelBuilder"/>'s business.
/// </summary>
internal sealed class RecordStream(FrameReader frame, RecordCatalog catalog) : IRecordSequence
{
    internal enum Section { Arch, Tree, Metadata, Pages, PageSeal, Trailer, Index, IndexSeal, Tail, End }

    private readonly IndexBuilder _seen = new();
    private PageBlockEntry _block;
    private long _indexOffset;

    public Section Where { get; private set; }

    public ulong MetadataHash => _seen.MetadataHash;

    public ImageRecord? Next(PageBlock? pages = null)
    {
        if (Where == Section.End)
            return null;
        var h = frame.ReadHeader();
        var record = h.Type == RecordIds.Seal ? ReadSeal(h) : ReadCovered(h, pages);
        CheckBounds(h);
        return new ImageRecord(h.Offset, frame.Source.Offset - h.Offset, Find(h), record);
    }

    private ICrRecord ReadCovered(in RecordHeader h, PageBlock? pages)
    {
        if (Where == Section.Tail)
            return ReadTail(h);
        CheckPlace(h);
        frame.Cover(h);
        switch (h.Type)
        {
            case RecordIds.Tree:
                Where = Section.Metadata;
                return TreeReader.Read(frame, h);
            case RecordIds.PageArray:
                return ReadPages(h, pages);
            case RecordIds.Index:
                return ReadIndex(h);
        }
        var type = Find(h);
        var record = RecordDecoding.Decode(type, h, frame.ReadCovered(h, type.MaxPayload));
        if (Where == Section.Arch)
            Where = Section.Tree;
        if (record is TaskRecord task)
            _seen.Tasks.Add(new TaskEntry(h.Offset, task.VPid));
        if (Where == Section.Pages)
            (Where, _seen.TrailerOffset) = (Section.Trailer, h.Offset);
        return record;
    }

    private PageArrayRecord ReadPages(in RecordHeader h, PageBlock? pages)
    {
        var record = PageBlockReader.Read(frame, Find(h), h, pages, out _block);
        if (!_seen.InOrder(record.ObjRef, _block.FirstVAddr))
            throw ImageError.Field(h.Offset, $"the pages at {_block.FirstVAddr:x} of object {record.ObjRef} come after later ones");
        Where = Section.PageSeal;
        return record;
    }

    private void CheckPlace(in RecordHeader h)
    {
        var fits = h.Type switch
        {
            RecordIds.Head or RecordIds.Tail or RecordIds.Continuation => false,
            RecordIds.HeadArch => Where == Section.Arch,
            RecordIds.Tree => Where == Section.Tree,
            RecordIds.Task or RecordIds.String or RecordIds.FName or RecordIds.Thread => Where == Section.Metadata,
            RecordIds.PageArray => Where == Section.Pages,
            RecordIds.Index => Where is Section.Pages or Section.Index,
            _ => Where is Section.Metadata or Section.Pages or Section.Trailer,
        };
        if (!fits)
            throw ImageError.Order(h.Offset, $"a record of type {h.Type} cannot stand in the section {Where}");
    }

    private SealRecord ReadSeal(in RecordHeader h)
    {
        if (Where is not (Section.Metadata or Section.PageSeal or Section.Trailer or Section.IndexSeal))
            throw ImageError.Order(h.Offset, $"a seal cannot stand in the section {Where}");
        var due = frame.Source.TakeSeal();
        var seal = (SealRecord)RecordDecoding.Decode(Find(h), h, frame.ReadSingle(h));
        if (seal != due)
            throw ImageError.Checksum(h.Offset, due, seal);
        switch (Where)
        {
            case Section.Metadata:
                (_seen.MetadataLength, _seen.MetadataHash) = (frame.Source.Offset, due.Hash);
                Where = Section.Pages;
                break;
            case Section.PageSeal:
                _seen.Add(_block with { Hash = due.Hash });
                Where = Section.Pages;
                break;
            case Section.Trailer:
                _seen.TrailerHash = due.Hash;
                Where = Section.Index;
                break;
            default:
                Where = Section.Tail;
                break;
        }
        return seal;
    }

    private IndexRecord ReadIndex(in RecordHeader h)
    {
        var type = Find(h);
        var index = (IndexRecord)RecordDecoding.Decode(type, h, frame.ReadCovered(h, type.MaxPayload));
        if (!_seen.SameAs(index))
            throw ImageError.Index(h.Offset, "it does not list what has been read");
        _indexOffset = h.Offset;
        Where = Section.IndexSeal;
        return index;
    }

    private TailRecord ReadTail(in RecordHeader h)
    {
        if (h.Type != RecordIds.Tail)
            throw ImageError.Order(h.Offset, $"a record of type {h.Type} stands where the tail is due");
        var tail = (TailRecord)RecordDecoding.Decode(Find(h), h, frame.ReadSingle(h));
        var length = frame.Source.Offset;
        if (tail.IndexOffset != _indexOffset || tail.TotalLength != length)
            throw ImageError.Tail(h.Offset, $"it says {tail.TotalLength} bytes and an index at {tail.IndexOffset}; there are {length}, and it is at {_indexOffset}");
        if (!frame.Source.AtEnd())
            throw ImageError.Trailing(length);
        Where = Section.End;
        return tail;
    }

    private void CheckBounds(in RecordHeader h)
    {
        var end = frame.Source.Offset;
        if (Where <= Section.Metadata && end > ImageLimits.MaxMetadataBytes)
            throw ImageError.TooLarge(h.Offset, $"the metadata has more than {ImageLimits.MaxMetadataBytes} bytes");
        if (Where == Section.Trailer && end - _seen.TrailerOffset > ImageLimits.MaxTrailerBytes)
            throw ImageError.TooLarge(h.Offset, $"the trailer has more than {ImageLimits.MaxTrailerBytes} bytes");
    }

    private RecordType Find(in RecordHeader h)
        => catalog.Find(h.Type) ?? throw ImageError.UnknownRecord(h.Offset, h.Type);
}
