using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Namespaces;

/// <summary>
/// ID_MAPS (401), at the root of a tree with a user namespace of its own: its uid_map, gid_map and setgroups
/// (user_namespaces(7)). Outside ids are those of the user namespace in which the tree was saved.
/// </summary>
public sealed record IdMapsRecord : ICrRecord
{
    /// <summary>UID_GID_MAP_MAX_EXTENTS of linux/user_namespace.h.</summary>
    public const int MaxRanges = 340;

    private const int RangeSize = 12;

    internal const int MaxPayload = 4 + 2 * (4 + MaxRanges * RangeSize);

    /// <inheritdoc/>
    public short Type => NamespaceRecordIds.IdMaps;
    /// <inheritdoc/>
    public uint Parent => (uint)VPid;

    /// <summary>The tree's root: the framing's parent.</summary>
    public required int VPid { get; init; }

    /// <summary>setgroups(2) is allowed there.</summary>
    public bool AllowsSetGroups { get; init; }

    /// <summary>uid_map, line by line.</summary>
    public IReadOnlyList<IdMapRange> Users { get; init; } = [];

    /// <summary>gid_map, line by line.</summary>
    public IReadOnlyList<IdMapRange> Groups { get; init; } = [];

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32(AllowsSetGroups ? 1u : 0);
        Write(ref w, Users);
        Write(ref w, Groups);
    }

    internal static IdMapsRecord Read(uint parent, ref FieldReader r)
    {
        var allows = r.U32();
        if (allows > 1)
            throw r.Bad($"a flag is {allows}, not 0 or 1");
        return new IdMapsRecord { VPid = (int)parent, AllowsSetGroups = allows == 1, Users = ReadRanges(ref r), Groups = ReadRanges(ref r) };
    }

    private static void Write(ref FieldWriter w, IReadOnlyList<IdMapRange> ranges)
    {
        w.U32((uint)ranges.Count);
        foreach (var range in ranges)
        {
            w.U32(range.Inside);
            w.U32(range.Outside);
            w.U32(range.Length);
        }
    }

    private static IdMapRange[] ReadRanges(ref FieldReader r)
    {
        var ranges = new IdMapRange[r.Count(RangeSize)];
        if (ranges.Length > MaxRanges)
            throw r.Bad($"an id map has {ranges.Length} ranges, more than {MaxRanges}");
        for (var i = 0; i < ranges.Length; i++)
            ranges[i] = new IdMapRange(r.U32(), r.U32(), r.U32());
        return ranges;
    }
}
