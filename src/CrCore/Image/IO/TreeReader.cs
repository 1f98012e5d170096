namespace CrCore.Image;

/// <summary>Reads a TREE and the raw array behind it, in pieces: the list grows only as its entries really come.</summary>
internal static class TreeReader
{
    private const int EntriesAtOnce = 1024;

    public static TreeRecord Read(FrameReader frame, in RecordHeader h)
    {
        var r = new FieldReader(frame.ReadCovered(h, TreeRecord.PayloadSize), h.Offset);
        var count = TreeRecord.ReadCount(ref r, out var pad);
        if (r.Remaining != 0 || h.Parent != 0 || pad != 0)
            throw ImageError.Field(h.Offset, $"its TREE has the parent {h.Parent}, the padding {pad} and {r.Remaining} bytes too many");
        return new TreeRecord(ReadPids(frame, h.Offset, count, strict: true));
    }

    /// <summary>Reads the raw array, and covers it.</summary>
    /// <param name="strict">Padding must be 0; kernels of 2008 need not have cleared it.</param>
    public static List<TreePids> ReadPids(FrameReader frame, long offset, int count, bool strict)
    {
        var pids = new List<TreePids>(Math.Min(count, EntriesAtOnce));
        Span<byte> raw = stackalloc byte[EntriesAtOnce * TreePids.Size];
        while (pids.Count < count)
        {
            var part = raw[..(Math.Min(EntriesAtOnce, count - pids.Count) * TreePids.Size)];
            frame.Source.ReadCovered(part, "the tree's pids");
            var entries = new FieldReader(part, offset);
            if (!TreeRecord.ReadRaw(ref entries, pids) && strict)
                throw ImageError.Field(offset, "the padding in its array of pids is not 0");
        }
        return pids;
    }
}
