using System.Globalization;
using CrProperty.Kernel;
using Xunit;

namespace CrProperty.Memory;

/// <summary>
/// Huge pages for the tests: set aside when the first asks (vm.nr_hugepages), held until this process ends, and given back then.
/// Other processes may do the same at the same time: each adds its share to what there is, and takes it away again.
/// </summary>
internal static class HugePageReserve
{
    private const int Needed = 16;
    private const string Setting = "/proc/sys/vm/nr_hugepages";

    private static readonly Lazy<string?> _missing = new(Take);

    /// <summary>Why there are none, or null.</summary>
    public static string? Missing => _missing.Value;

    private static string? Take()
    {
        if (!Environment.IsPrivilegedProcess)
            return "needs root: shared huge pages take CAP_CHECKPOINT_RESTORE";
        if (!File.Exists(Setting) || Read("Hugepagesize:") != 2048)
            return "needs a kernel with huge pages of 2 MiB";
        var free = Read("HugePages_Free:");
        try
        {
            Add(Needed);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"needs {Needed} huge pages; setting them aside failed: {e.Message}";
        }
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Add(-Needed);
        return Read("HugePages_Free:") >= free + Needed ? null : $"needs {Needed} huge pages, and the machine's memory has no room for them";
    }

    /// <summary>One process at a time, by a lock on a file that stays.</summary>
    private static void Add(int pages)
    {
        var path = Path.Combine(Path.GetTempPath(), "crproperty-hugepages.lock");
        for (var left = 1000; ; left--)
            try
            {
                using var held = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
                var now = int.Parse(File.ReadAllText(Setting), CultureInfo.InvariantCulture);
                File.WriteAllText(Setting, Math.Max(0, now + pages).ToString(CultureInfo.InvariantCulture));
                return;
            }
            catch (IOException) when (left > 0 && File.Exists(path))
            {
                Thread.Sleep(10);
            }
    }

    private static int Read(string key)
    {
        foreach (var line in File.ReadLines("/proc/meminfo"))
            if (line.StartsWith(key, StringComparison.Ordinal))
                return int.Parse(line.AsSpan(key.Length).TrimEnd("kB"), NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture);
        return 0;
    }
}

/// <summary>A theory that is skipped, with the reason, where a program or huge pages are missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class TheoryWithHugePagesAttribute : TheoryAttribute
{
    public TheoryWithHugePagesAttribute(params string[] programs) => Skip = Needs.Missing(programs) ?? HugePageReserve.Missing;
}
