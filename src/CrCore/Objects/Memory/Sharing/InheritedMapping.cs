using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Memory;

/// <summary>A mapping that a puppet has for its children to inherit: as a saved one, but of more addresses perhaps.</summary>
internal readonly record struct InheritedMapping(AddressRange Range, SavedMapping Like) : IAddressed
{
    public static InheritedMapping Of(in SavedMapping mapping) => new(new(mapping.Vma.Start, mapping.Vma.End), mapping);

    /// <summary>The offset in the file that its first address shows, in pages.</summary>
    public ulong PageOffset => Like.Vma.PageOffset + Range.Start / ImageFormat.PageSize - Like.Vma.Start / ImageFormat.PageSize;

    /// <summary>Whether a mapping can be inherited at all: private, and made by mmap(2) alone.</summary>
    public static bool IsFit(VmaRecord vma)
    {
        const VmFlags unfit = VmFlags.HugeTlb | VmFlags.Droppable;
        return vma.HasPrivatePages && (vma.Flags & unfit) == 0 && (vma.Kind == VmaType.Anonymous || vma.Kind == VmaType.File && vma.ObjRef == 0);
    }

    /// <summary>Whether mmap(2) makes both by the same call but for the addresses.</summary>
    public bool IsLike(in SavedMapping other)
    {
        var (mine, theirs) = (Like.Vma, other.Vma);
        return mine.Kind == theirs.Kind && MappingFlags.OfMmap(mine) == MappingFlags.OfMmap(theirs)
            && MappingFlags.WhileFilling(mine) == MappingFlags.WhileFilling(theirs)
            && (mine.Kind == VmaType.Anonymous || Like.Path == other.Path
                && mine.PageOffset - mine.Start / ImageFormat.PageSize == theirs.PageOffset - theirs.Start / ImageFormat.PageSize);
    }

    /// <summary>Mappings in one list, ascending: those that overlap and are alike are one; where they are not, the first stays.</summary>
    public static List<InheritedMapping> Union(List<InheritedMapping> mappings)
    {
        mappings.Sort(static (a, b) => a.Range.Start.CompareTo(b.Range.Start));
        var union = new List<InheritedMapping>();
        foreach (var m in mappings)
            if (union.Count == 0 || m.Range.Start >= union[^1].Range.End)
                union.Add(m);
            else if (union[^1].IsLike(m.Like) && m.Range.End > union[^1].Range.End)
                union[^1] = union[^1] with { Range = union[^1].Range with { End = m.Range.End } };
        return union;
    }

    /// <summary>The pieces that are left of mappings where others take some of their addresses.</summary>
    /// <param name="mappings">Ascending, without overlap.</param>
    /// <param name="ranges">The same.</param>
    public static List<InheritedMapping> Without(IReadOnlyList<InheritedMapping> mappings, IReadOnlyList<AddressRange> ranges)
        => AddressPlan.Without(mappings, ranges, static (mapping, piece) => mapping with { Range = piece });
}
