namespace CrCore.Image;

/// <summary>One place where payloads become records, so that each is held to the same rules.</summary>
internal static class RecordDecoding
{
    /// <summary>Decodes; refuses bytes left over and a parent that the record would not write.</summary>
    public static ICrRecord Decode(RecordType type, in RecordHeader h, ReadOnlySpan<byte> payload)
    {
        var r = new FieldReader(payload, h.Offset);
        ICrRecord record;
        try
        {
            record = type.Decode(h.Parent, ref r);
        }
        catch (Exception e) when (e is not (CrException or OutOfMemoryException))
        {
            // A decoder met values that it did not expect. The image is at fault; the cause is kept.
            throw ImageError.Field(h.Offset, $"its {type.Name} cannot be decoded", e);
        }
        if (r.Remaining != 0)
            throw ImageError.Field(h.Offset, $"its {type.Name} has {r.Remaining} bytes too many");
        if (record.Parent != h.Parent)
            throw ImageError.Field(h.Offset, $"the parent of its {type.Name} is {h.Parent}, where {record.Parent} is due");
        return record;
    }
}
