using System.Collections.Immutable;

namespace CrHarness.Generation;

/// <summary>SplitMix64: small, and the same on every machine and runtime, so that a seed names a plan for good.</summary>
internal sealed class PlanRandom(ulong seed)
{
    private ulong _state = seed;

    public ulong Next()
    {
        var z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
        z = (z ^ z >> 27) * 0x94D049BB133111EB;
        return z ^ z >> 31;
    }

    /// <summary>From 0 to <paramref name="count"/> - 1.</summary>
    public int Below(int count) => (int)(Next() % (ulong)count);

    public int Between(int least, int most) => least + Below(most - least + 1);

    public bool Percent(int percent) => Below(100) < percent;

    public T Pick<T>(params ReadOnlySpan<T> from) => from[Below(from.Length)];

    public T Any<T>() where T : struct, Enum => Pick<T>(Enum.GetValues<T>());

    public ImmutableArray<T> Some<T>(int most, Func<T> make)
    {
        var items = ImmutableArray.CreateBuilder<T>();
        for (var n = Below(most + 1); n > 0; n--)
            items.Add(make());
        return items.ToImmutable();
    }

    /// <summary>A mask with each bit set at the given chance.</summary>
    public ulong Mask(int percent)
    {
        var mask = 0UL;
        for (var bit = 0; bit < 64; bit++)
            if (Percent(percent))
                mask |= 1UL << bit;
        return mask;
    }
}
