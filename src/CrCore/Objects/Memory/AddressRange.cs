namespace CrCore.Objects.Memory;

/// <summary>Something that takes a range of addresses.</summary>
internal interface IAddressed
{
    AddressRange Range { get; }
}

/// <summary>A range of addresses; the end is the first address behind it.</summary>
/// <param name="Start">First address.</param>
/// <param name="End">First address behind it.</param>
public readonly record struct AddressRange(ulong Start, ulong End) : IAddressed
{
    /// <summary>In bytes.</summary>
    public ulong Length => End - Start;

    AddressRange IAddressed.Range => this;

    /// <summary>They have an address in common; it is not enough that one begins where the other ends.</summary>
    public bool Overlaps(AddressRange other) => Start < other.End && other.Start < End;

    /// <summary>Every address of the other is in this one.</summary>
    public bool Contains(AddressRange other) => Start <= other.Start && other.End <= End;

    /// <inheritdoc/>
    public override string ToString() => $"{Start:x}-{End:x}";

    /// <summary>The first of ascending items that ends behind an address, or their count: the one that holds it, if any does.</summary>
    internal static int FirstEndingAfter<T>(ReadOnlySpan<T> items, ulong address)
        where T : struct, IAddressed
    {
        var (low, high) = (0, items.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (items[middle].Range.End <= address)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    /// <summary>Whether one of ascending items has an address in common with a range.</summary>
    internal static bool AnyOverlaps<T>(ReadOnlySpan<T> items, AddressRange range)
        where T : struct, IAddressed
        => FirstEndingAfter(items, range.Start) is var index && index < items.Length && items[index].Range.Overlaps(range);
}
