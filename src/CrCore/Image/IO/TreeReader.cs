namespace CrCore.Image;

/// <summary>Reads a TREE and the raw array behind it, in pieces: the list grows only as its entries really come.</summary>
internal static class TreeReader
{
    private const int EntriesAtOnce = 1024;

    public static TreeRecord Read(FrameReader frame, in RecordHeader h)
    {
        var r = new FieldReader(frame.ReadCovered(h, TreeRecord.PayloadSize), h.Offset);
        var count = TreeRecord.ReadCount(ref r);
        if (r.Remaining != 0 || h.Parent != 0)
            throw ImageError.Field(h.Offset, $"its TREE has the parent {h.Parent} and {r.Remaining} bytes too many");
        return new TreeRecord(ReadPids(frame, h.Offset, count));
    }

    /// <summary>Reads the raw array, and covers it.</summary>
    public static List<TreePids> ReadPids(FrameReader frame, long offset, int count)
    {
        var pids = new List<TreePids>(Math.Min(count, EntriesAtOnce));
        Span<byte> raw = stackalloc byte[EntriesAtOnce * TreePids.Size];
        while (pids.Count < count)
        {
            var part = raw[..(Math.Min(EntriesAtOnce, count - pids.Count) * TreePids.Size)];
            frame.Source.ReadCovered(part, "the tree's pids");
            var entries = new FieldReader(part, offset);
            TreeRecord.ReadRaw(ref entries, pids);
        }
        return pids;
    }
}
