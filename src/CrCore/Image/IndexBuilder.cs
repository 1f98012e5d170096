using System.Runtime.InteropServices;

namespace CrCore.Image;

/// <summary>Gathers the index while an image is written, or while it is read, to be compared with the one it has.</summary>
internal sealed class IndexBuilder
{
    private readonly Dictionary<uint, ulong> _ends = [];

    public List<TaskEntry> Tasks { get; } = [];
    public List<PageBlockEntry> Blocks { get; } = [];
    public long MetadataLength { get; set; }
    public ulong MetadataHash { get; set; }
    public long TrailerOffset { get; set; }
    public ulong TrailerHash { get; set; }

    /// <summary>Whether pages at <paramref name="vaddr"/> come after all that the object has so far.</summary>
    public bool InOrder(uint objRef, ulong vaddr) => !_ends.TryGetValue(objRef, out var end) || vaddr >= end;

    public void Add(in PageBlockEntry block)
    {
        Blocks.Add(block);
        _ends[block.ObjRef] = block.EndVAddr;
    }

    /// <summary>Adds a block whose hash is not known yet.</summary>
    /// <returns>Its number.</returns>
    public int Announce(in PageBlockEntry block)
    {
        lock (Blocks)
        {
            Add(block);
            return Blocks.Count - 1;
        }
    }

    /// <summary>From any thread.</summary>
    public void SetHash(int block, ulong hash)
    {
        lock (Blocks)
            Blocks[block] = Blocks[block] with { Hash = hash };
    }

    public IndexRecord ToRecord() => new(MetadataLength, MetadataHash, TrailerOffset, TrailerHash, Tasks, Blocks);

    /// <summary>Whether <paramref name="other"/> says the same as what was gathered.</summary>
    public bool SameAs(IndexRecord other)
        => other.MetadataLength == MetadataLength && other.MetadataHash == MetadataHash
        && other.TrailerOffset == TrailerOffset && other.TrailerHash == TrailerHash
        && Same(Tasks, other.Tasks) && Same(Blocks, other.Blocks);

    private static bool Same<T>(List<T> mine, IReadOnlyList<T> theirs) where T : IEquatable<T>
    {
        if (mine.Count != theirs.Count)
            return false;
        var span = CollectionsMarshal.AsSpan(mine);
        for (var i = 0; i < span.Length; i++)
            if (!span[i].Equals(theirs[i]))
                return false;
        return true;
    }
}
