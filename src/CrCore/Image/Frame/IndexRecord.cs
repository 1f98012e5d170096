namespace CrCore.Image;

/// <summary>Where a task is.</summary>
/// <param name="Offset">Of its TASK record's header.</param>
/// <param name="VPid">The task, as seen from the root's pid namespace.</param>
public sealed record TaskEntry(long Offset, int VPid)
{
    /// <summary>Bytes of an entry in the INDEX.</summary>
    public const int Size = 16;
}

/// <summary>Where a page block is.</summary>
/// <param name="Offset">Of its PGARR record's header.</param>
/// <param name="Length">From there to the end of its data; its SEAL follows.</param>
/// <param name="FirstVAddr">Of its first page.</param>
/// <param name="EndVAddr">One past the last byte of its last page.</param>
/// <param name="Hash">As in its SEAL: XXH3-64 of these <paramref name="Length"/> bytes.</param>
/// <param name="ObjRef">The mm or shared-memory object whose pages they are.</param>
/// <param name="PageCount">Pages in all of its runs.</param>
public readonly record struct PageBlockEntry(long Offset, long Length, ulong FirstVAddr, ulong EndVAddr, ulong Hash, uint ObjRef, int PageCount)
{
    /// <summary>Bytes of an entry in the INDEX.</summary>
    public const int Size = 48;
}

/// <summary>INDEX (5003): finds tasks and page blocks without passing over what lies between.</summary>
/// <param name="MetadataLength">Bytes before the first page block, the SEAL included.</param>
/// <param name="MetadataHash">As in that SEAL.</param>
/// <param name="TrailerOffset">Of the first record after the last page block, or 0 where the index follows at once.</param>
/// <param name="TrailerHash">As in the SEAL of those records, or 0.</param>
/// <param name="Tasks">In the image's order.</param>
/// <param name="Blocks">In the image's order.</param>
public sealed record IndexRecord(
    long MetadataLength, ulong MetadataHash, long TrailerOffset, ulong TrailerHash,
    IReadOnlyList<TaskEntry> Tasks, IReadOnlyList<PageBlockEntry> Blocks) : ICrRecord
{
    /// <summary>Bytes of a payload before its entries.</summary>
    public const int FixedSize = 40;

    /// <inheritdoc/>
    public short Type => RecordIds.Index;
    /// <inheritdoc/>
    public uint Parent => 0;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.I64(MetadataLength);
        w.U64(MetadataHash);
        w.I64(TrailerOffset);
        w.U64(TrailerHash);
        w.U32((uint)Tasks.Count);
        w.U32((uint)Blocks.Count);
        foreach (var t in Tasks)
        {
            w.I64(t.Offset);
            w.I32(t.VPid);
            w.U32(0);
        }
        foreach (var b in Blocks)
        {
            w.I64(b.Offset);
            w.I64(b.Length);
            w.U64(b.FirstVAddr);
            w.U64(b.EndVAddr);
            w.U64(b.Hash);
            w.U32(b.ObjRef);
            w.I32(b.PageCount);
        }
    }

    /// <summary>Reads a payload that <see cref="Write"/> wrote.</summary>
    /// <exception cref="CrImageException">CrImageBadField: it breaks the format.</exception>
    public static IndexRecord Read(uint parent, ref FieldReader r)
    {
        var (length, hash, trailer, trailerHash) = (r.I64(), r.U64(), r.I64(), r.U64());
        var (tasks, blocks) = (r.U32(), r.U32());
        if ((ulong)tasks * TaskEntry.Size + (ulong)blocks * PageBlockEntry.Size != (ulong)r.Remaining)
            throw r.Bad($"an index of {tasks} tasks and {blocks} page blocks has {r.Remaining} bytes for them");
        var taskEntries = new TaskEntry[tasks];
        for (var i = 0; i < taskEntries.Length; i++)
        {
            taskEntries[i] = new TaskEntry(r.I64(), r.I32());
            r.Pad4();
        }
        var blockEntries = new PageBlockEntry[blocks];
        for (var i = 0; i < blockEntries.Length; i++)
            blockEntries[i] = new PageBlockEntry(r.I64(), r.I64(), r.U64(), r.U64(), r.U64(), r.U32(), r.I32());
        return new IndexRecord(length, hash, trailer, trailerHash, taskEntries, blockEntries);
    }
}
