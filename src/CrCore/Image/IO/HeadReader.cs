namespace CrCore.Image;

/// <summary>Reads the HEAD, which says whether this is an image at all, and of which revision.</summary>
internal static class HeadReader
{
    public static ImageRecord Read(FrameReader frame, RecordCatalog catalog)
    {
        if (frame.Source.AtEnd())
            throw ImageError.NotAnImage(0, "it is empty");
        if (!frame.Source.Holds(ImageFormat.HeaderSize))
            throw ImageError.NotAnImage(0, "it is too short for a head");
        var h = frame.ReadHeader();
        if (h.Type != RecordIds.Head || h.Parent != 0 || h.Length < HeadRecord.Revision3Size)
            throw ImageError.NotAnImage(h.Offset, "it does not start with a head");
        frame.Cover(h);
        var type = catalog.Find(h.Type) ?? throw ImageError.UnknownRecord(h.Offset, h.Type);
        var payload = frame.ReadCovered(h, type.MaxPayload);
        var start = new FieldReader(payload, h.Offset);
        if (start.U64() != ImageFormat.HeadMagic)
            throw ImageError.NotAnImage(h.Offset, "it does not start with a head's magic number");
        start.Raw(3 * sizeof(ushort));
        var revision = start.U16();
        if (revision is not (ImageFormat.Revision or ImageFormat.Revision3))
            throw ImageError.Revision(h.Offset, revision);
        var head = (HeadRecord)RecordDecoding.Decode(type, h, payload);
        if ((head.RequiredFeatures & ~ImageFormat.KnownFeatures) != 0)
            throw ImageError.Feature(h.Offset, $"the feature bits {head.RequiredFeatures:x}");
        return new ImageRecord(h.Offset, frame.Source.Offset - h.Offset, type, head);
    }
}
