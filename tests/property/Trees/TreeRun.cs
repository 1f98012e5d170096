using System.Globalization;

namespace CrProperty.Trees;

/// <summary>How long a run is: CR_TREES live trees from seed CR_SEED on, and CR_SHRINK round trips to make a failure simpler.</summary>
internal static class TreeRun
{
    public static int Count(int ordinary)
        => int.TryParse(Environment.GetEnvironmentVariable("CR_TREES"), CultureInfo.InvariantCulture, out var n) && n > 0 ? n : ordinary;

    public static ulong Seed
        => ulong.TryParse(Environment.GetEnvironmentVariable("CR_SEED"), CultureInfo.InvariantCulture, out var seed) ? seed : 1;

    public static int ShrinkBudget
        => int.TryParse(Environment.GetEnvironmentVariable("CR_SHRINK"), CultureInfo.InvariantCulture, out var n) && n >= 0 ? n : 60;
}
