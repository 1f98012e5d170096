using System.Globalization;

namespace CrCore.Kernel;

/// <summary>What the machine has of huge pages of one size (Documentation/admin-guide/mm/hugetlbpage.rst).</summary>
/// <param name="Free">Set aside and in nobody's use.</param>
/// <param name="Promised">Of those: what mappings have reserved and not touched yet.</param>
/// <param name="Surplus">How many more may be taken from ordinary memory, as long as that has some.</param>
public readonly record struct HugePagePool(long Free, long Promised, long Surplus)
{
    /// <summary>At most so many can be had.</summary>
    public long Available => Math.Max(0, Free - Promised) + Surplus;

    /// <summary>Null where the machine has none of the size.</summary>
    /// <param name="shift">The size, as a power of two.</param>
    public static HugePagePool? Read(int shift)
    {
        var folder = string.Create(CultureInfo.InvariantCulture, $"/sys/kernel/mm/hugepages/hugepages-{1L << (shift - 10)}kB");
        try
        {
            return new(Number("free"), Number("resv"), Math.Max(0, Number("nr_overcommit") - Number("surplus")));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            return null;
        }

        long Number(string name) => long.Parse(File.ReadAllText($"{folder}/{name}_hugepages"), CultureInfo.InvariantCulture);
    }
}
