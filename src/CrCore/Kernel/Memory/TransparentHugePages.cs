using System.Globalization;

namespace CrCore.Kernel;

/// <summary>/sys/kernel/mm/transparent_hugepage (Documentation/admin-guide/mm/transhuge.rst).</summary>
public static class TransparentHugePages
{
    /// <summary>Whether mappings get huge pages that were not advised to ("[always]"); false where it cannot be read.</summary>
    public static bool AreDefault
    {
        get
        {
            try
            {
                return File.ReadAllText("/sys/kernel/mm/transparent_hugepage/enabled").Contains("[always]", StringComparison.Ordinal);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return false;
            }
        }
    }

    /// <summary>Bytes of a huge page; 0 where this kernel has none, or it cannot be read.</summary>
    public static long Size
    {
        get
        {
            try
            {
                return long.Parse(File.ReadAllText("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size"), CultureInfo.InvariantCulture);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
            {
                return 0;
            }
        }
    }
}
