namespace CrCore.Image.Revision3;

/// <summary>The record types of revision 3. What is raw behind them is <see cref="Revision3Stream"/>'s business.</summary>
internal static class Revision3Catalog
{
    public static RecordCatalog Instance { get; } = new(
    [
        new(RecordIds.Head, "HEAD", HeadRecord.Read, HeadRecord.Revision3Size),
        new(RecordIds.HeadArch, "HEAD_ARCH", HeadArchRecord.ReadRevision3, 8),
        new(RecordIds.String, "STRING", StringRecord.Read, ImageFormat.PageSize),
        new(RecordIds.FName, "FNAME", FNameRecord.Read, FNameRecord.MaxBytes),
        new(RecordIds.Tree, "TREE", Revision3TreeHead.Read, TreeRecord.PayloadSize),
        new(RecordIds.Task, "TASK", ReadTask, TaskRecord.SeedSize),
        new(RecordIds.Thread, "THREAD", ThreadRecord.ReadRevision3, 8),
        new(Revision3Ids.Cpu, "CPU", Revision3Cpu.Read, 272),
        new(Revision3Ids.Mm, "MM", Revision3Mm.Read, 96),
        new(Revision3Ids.Vma, "VMA", Revision3Vma.Read, 48),
        new(RecordIds.PageArray, "PGARR", Revision3PageArray.Read, 8),
        new(Revision3Ids.MmContext, "MM_CONTEXT", Revision3MmContext.Read, 8),
        new(Revision3Ids.Files, "FILES", Revision3Files.Read, 8),
        new(Revision3Ids.FdEntry, "FD_ENT", Revision3FdEntry.Read, 16),
        new(Revision3Ids.FdData, "FD_DATA", Revision3FdData.Read, 24),
        new(RecordIds.Tail, "TAIL", Revision3Tail.Read, 8),
    ]);

    private static TaskRecord ReadTask(uint parent, ref FieldReader r)
        => r.Remaining == TaskRecord.Revision3Size ? TaskRecord.ReadRevision3(ref r) : TaskRecord.ReadSeed(ref r, out _);
}

/// <summary>TREE (101) until the raw array behind it has been read.</summary>
internal sealed record Revision3TreeHead(int TaskCount) : Revision3Record(0u)
{
    public override short Type => RecordIds.Tree;

    internal static Revision3TreeHead Read(uint parent, ref FieldReader r) => new(TreeRecord.ReadCount(ref r, out _));
}

/// <summary>TAIL (5001) of revision 3: its magic number and nothing else.</summary>
public sealed record Revision3Tail() : Revision3Record(0u)
{
    /// <inheritdoc/>
    public override short Type => RecordIds.Tail;

    internal static Revision3Tail Read(uint parent, ref FieldReader r)
    {
        var magic = r.U64();
        return magic == ImageFormat.TailMagic ? new() : throw r.Bad($"the tail's magic number is {magic:x16}");
    }
}
