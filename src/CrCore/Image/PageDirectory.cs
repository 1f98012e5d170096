using System.Collections.Frozen;

namespace CrCore.Image;

/// <summary>The index's page blocks by object; each object's ascend, as the format has it.</summary>
internal sealed class PageDirectory
{
    private readonly FrozenDictionary<uint, PageBlockEntry[]> _blocks;

    public PageDirectory(IReadOnlyList<PageBlockEntry> blocks)
    {
        var lists = new Dictionary<uint, List<PageBlockEntry>>();
        foreach (var block in blocks)
        {
            if (!lists.TryGetValue(block.ObjRef, out var list))
                lists.Add(block.ObjRef, list = []);
            list.Add(block);
        }
        _blocks = lists.ToFrozenDictionary(p => p.Key, p => p.Value.ToArray());
    }

    public ReadOnlySpan<PageBlockEntry> Find(uint objRef, ulong start, ulong end)
    {
        if (!_blocks.TryGetValue(objRef, out var blocks))
            return [];
        var first = CountBefore(blocks, b => b.EndVAddr <= start);
        var last = CountBefore(blocks, b => b.FirstVAddr < end);
        return first < last ? blocks.AsSpan(first, last - first) : [];
    }

    // How many blocks at the front fulfil a condition that, once false, stays so.
    private static int CountBefore(PageBlockEntry[] blocks, Func<PageBlockEntry, bool> condition)
    {
        var (low, high) = (0, blocks.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (condition(blocks[middle]))
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }
}
