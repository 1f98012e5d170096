namespace CrCore.Image;

/// <summary>The frame's own record types; each kind of object adds its own to the catalog.</summary>
public static class FrameRecords
{
    /// <summary>Each with its id, its name, its decoder and its bound.</summary>
    public static IReadOnlyList<RecordType> All { get; } =
    [
        new(RecordIds.Head, "HEAD", HeadRecord.Read),
        new(RecordIds.HeadArch, "HEAD_ARCH", HeadArchRecord.Read),
        new(RecordIds.String, "STRING", StringRecord.Read, ImageFormat.PageSize),
        new(RecordIds.FName, "FNAME", FNameRecord.Read, FNameRecord.MaxBytes),
        // The raw array behind TREE is the reader's business: it takes it in pieces, before the record is made.
        new(RecordIds.Tree, "TREE", ReadTree, TreeRecord.PayloadSize + ImageLimits.MaxTasks * TreePids.Size),
        new(RecordIds.Task, "TASK", TaskRecord.Read, TaskRecord.PayloadSize),
        new(RecordIds.Thread, "THREAD", ThreadRecord.Read, ThreadRecord.PayloadSize),
        new(RecordIds.PageArray, "PGARR", PageArrayRecord.Read, PageArrayRecord.PayloadSize),
        new(FiguresRecord.Id, "FIGURES", FiguresRecord.Read, FiguresRecord.MaxBytes),
        new(RecordIds.Tail, "TAIL", TailRecord.Read, TailRecord.PayloadSize),
        new(RecordIds.Seal, "SEAL", SealRecord.Read, SealRecord.PayloadSize),
        new(RecordIds.Index, "INDEX", IndexRecord.Read, ImageLimits.MaxIndexBytes),
    ];

    /// <summary>Decodes a TREE's payload with the raw array right behind it.</summary>
    private static TreeRecord ReadTree(uint parent, ref FieldReader r)
    {
        var count = TreeRecord.ReadCount(ref r, out _);
        if (r.Remaining != count * TreePids.Size)
            throw r.Bad($"a tree of {count} tasks has {r.Remaining} bytes of pids");
        var pids = new List<TreePids>(count);
        TreeRecord.ReadRaw(ref r, pids);
        return new TreeRecord(pids);
    }
}
