using CrCore.Remote;
using CrCore.Kernel;

namespace CrCore.Objects.Memory;

/// <summary>Moves the kernel's own mappings to where the saved task had them: the vdso finds its data relative to itself.</summary>
internal static class SpecialMappings
{
    private const int MremapMayMove = 1, MremapFixed = 2;

    /// <summary>Adds a piece; neighbours of one kind are one mapping that mprotect(2) or advice cut.</summary>
    public static void Add(List<(VmaType Kind, AddressRange Range)> list, VmaType kind, AddressRange range)
    {
        if (list.Count > 0 && list[^1].Kind == kind && list[^1].Range.End == range.Start)
            list[^1] = (kind, list[^1].Range with { End = range.End });
        else
            list.Add((kind, range));
    }

    /// <summary>The saved ones, joined.</summary>
    public static List<(VmaType Kind, AddressRange Range)> Of(MemoryLayout layout)
    {
        var list = new List<(VmaType, AddressRange)>();
        foreach (var (vma, _) in layout.Mappings)
            if (vma.IsSpecial)
                Add(list, vma.Kind, new AddressRange(vma.Start, vma.End));
        return list;
    }

    /// <summary>Adds the calls that bring each from its place in the puppet to the saved one, or unmap it where there is none.</summary>
    /// <param name="transit">A free place for all of them, used where one's goal is another's present place.</param>
    public static void Move(SyscallBatch batch, IReadOnlyList<(VmaType Kind, AddressRange Range)> present, MemoryLayout layout, ulong transit)
    {
        var goals = Of(layout);
        var moves = new List<(VmaType Kind, AddressRange From, ulong To)>();
        foreach (var (kind, from) in present)
        {
            var at = goals.FindIndex(g => g.Kind == kind && g.Range.Length == from.Length);
            if (at < 0)
                batch.Must("unmapping", $"[{kind}]", Sys.munmap, from.Start, from.Length);
            else if (goals[at].Range.Start != from.Start)
                moves.Add((kind, from, goals[at].Range.Start));
        }
        if (Collide(moves, present))
            for (var i = 0; i < moves.Count; i++)
            {
                var (kind, from, to) = moves[i];
                AddMove(batch, kind, from, transit);
                moves[i] = (kind, new AddressRange(transit, transit + from.Length), to);
                transit += from.Length;
            }
        foreach (var (kind, from, to) in moves)
            AddMove(batch, kind, from, to);
    }

    private static bool Collide(List<(VmaType Kind, AddressRange From, ulong To)> moves, IReadOnlyList<(VmaType Kind, AddressRange Range)> present)
    {
        foreach (var (_, from, to) in moves)
            foreach (var (_, range) in present)
                if (range.Overlaps(new AddressRange(to, to + from.Length)))
                    return true;
        return false;
    }

    public static void AddMove(SyscallBatch batch, VmaType kind, AddressRange from, ulong to)
        => batch.Must("moving", $"[{kind}]", Sys.mremap, from.Start, from.Length, from.Length, MremapMayMove | MremapFixed, to);
}
