using CrCore.Image;

namespace CrCore.Objects.Memory;

/// <summary>GUARD_REGIONS (211): pages of an address space that were made inaccessible with MADV_GUARD_INSTALL, ascending.</summary>
/// <param name="ObjRef">The address space's reference: the framing's parent.</param>
/// <param name="Ranges">Whole pages.</param>
public sealed record GuardRegionsRecord(uint ObjRef, IReadOnlyList<AddressRange> Ranges) : ICrRecord
{
    /// <summary>A bound for the reader: a million ranges.</summary>
    public const int MaxBytes = 16 << 20;

    /// <inheritdoc/>
    public short Type => MemoryIds.GuardRegions;
    /// <inheritdoc/>
    public uint Parent => ObjRef;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32((uint)Ranges.Count);
        foreach (var range in Ranges)
        {
            w.U64(range.Start);
            w.U64(range.End);
        }
    }

    internal static GuardRegionsRecord Read(uint parent, ref FieldReader r)
    {
        var ranges = new AddressRange[r.Count(16)];
        ulong end = 0;
        for (var i = 0; i < ranges.Length; i++)
        {
            var range = new AddressRange(r.U64(), r.U64());
            if (range.Start < end || range.Start >= range.End || ((range.Start | range.End) & (ImageFormat.PageSize - 1)) != 0)
                throw r.Bad($"guard pages go from {range.Start:x} to {range.End:x}");
            ranges[i] = range;
            end = range.End;
        }
        return new GuardRegionsRecord(parent, ranges);
    }

    /// <inheritdoc/>
    public bool Equals(GuardRegionsRecord? other) => other is not null && ObjRef == other.ObjRef && Ranges.SequenceEqual(other.Ranges);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(ObjRef, Ranges.Count);
}
