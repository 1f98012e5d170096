using CrCore.Image;

namespace CrCore.Objects.Memory;

/// <summary>
/// SHARED_PAGES (600): pages of an address space that are those of another one at the same addresses (copies on write that
/// nobody has written to since fork(2)). They are stored under the other's reference alone.
/// </summary>
/// <param name="ObjRef">The address space's reference: the framing's parent.</param>
/// <param name="Source">The reference of the other, which stands earlier in the image and has these pages for its own.</param>
/// <param name="Ranges">Ascending.</param>
public sealed record SharedPagesRecord(uint ObjRef, uint Source, IReadOnlyList<AddressRange> Ranges) : ICrRecord
{
    /// <summary>Ranges of one record; more take more records.</summary>
    public const int MaxRanges = 1 << 20;

    internal const int MaxBytes = 8 + 16 * MaxRanges;

    /// <inheritdoc/>
    public short Type => MemoryIds.SharedPages;
    /// <inheritdoc/>
    public uint Parent => ObjRef;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32(Source);
        w.U32((uint)Ranges.Count);
        foreach (var range in Ranges)
        {
            w.U64(range.Start);
            w.U64(range.End);
        }
    }

    internal static SharedPagesRecord Read(uint parent, ref FieldReader r)
    {
        var source = r.U32();
        if (source == 0 || source == parent)
            throw r.Bad($"the pages of object {parent} are those of object {source}");
        var ranges = new AddressRange[r.Count(16)];
        if (ranges.Length == 0)
            throw r.Bad("there are no shared pages");
        ulong end = 0;
        for (var i = 0; i < ranges.Length; i++)
        {
            var range = new AddressRange(r.U64(), r.U64());
            if (range.Start < end || range.Start >= range.End || ((range.Start | range.End) & (ImageFormat.PageSize - 1)) != 0)
                throw r.Bad($"shared pages go from {range.Start:x} to {range.End:x}");
            ranges[i] = range;
            end = range.End;
        }
        return new SharedPagesRecord(parent, source, ranges);
    }

    /// <inheritdoc/>
    public bool Equals(SharedPagesRecord? other)
        => other is not null && ObjRef == other.ObjRef && Source == other.Source && Ranges.SequenceEqual(other.Ranges);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(ObjRef, Source, Ranges.Count);
}
