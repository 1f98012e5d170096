namespace CrCore.Image;

/// <summary>One entry of the tree's array of pids, as the tree's root sees them.</summary>
/// <param name="VPid">The task.</param>
/// <param name="VTgid">Its thread group: the same.</param>
/// <param name="VPpid">Its parent; for the root 0.</param>
public sealed record TreePids(int VPid, int VTgid, int VPpid)
{
    /// <summary>Bytes of an entry, 4 of padding included.</summary>
    public const int Size = 16;
}

/// <summary>
/// TREE (101): how many tasks there are; behind the record, raw, one entry for each in the order of the TASK records.
/// </summary>
/// <param name="Pids">One entry for each task.</param>
public sealed record TreeRecord(IReadOnlyList<TreePids> Pids) : ICrRecord
{
    /// <summary>Bytes of the payload; the array behind it is not counted.</summary>
    public const int PayloadSize = 8;

    /// <inheritdoc/>
    public short Type => RecordIds.Tree;
    /// <inheritdoc/>
    public uint Parent => 0;

    /// <summary>Tasks in the image, those that have ended included.</summary>
    public int TaskCount => Pids.Count;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32((uint)Pids.Count);
        w.U32(0);
    }

    /// <summary>The raw entries that follow the record.</summary>
    internal void WriteRaw(ref FieldWriter w)
    {
        foreach (var p in Pids)
        {
            w.I32(p.VPid);
            w.I32(p.VTgid);
            w.I32(p.VPpid);
            w.U32(0);
        }
    }

    /// <summary>The number of entries that follow a TREE payload.</summary>
    internal static int ReadCount(ref FieldReader r, out uint pad)
    {
        var count = r.U32();
        pad = r.U32();
        return count is >= 1 and <= ImageLimits.MaxTasks ? (int)count : throw r.Bad($"the tree has {count} tasks");
    }

    /// <summary>Entries one after the other; whether their padding is all 0.</summary>
    internal static bool ReadRaw(ref FieldReader r, List<TreePids> into)
    {
        var pads = 0u;
        while (r.Remaining >= TreePids.Size)
        {
            into.Add(new TreePids(r.I32(), r.I32(), r.I32()));
            pads |= r.U32();
        }
        return pads == 0;
    }
}
