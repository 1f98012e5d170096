using System.Diagnostics;
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
        int got;
        try
        {
            got = Add(Setting, Needed);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"needs {Needed} huge pages; setting them aside failed: {e.Message}";
        }
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Add(Setting, -got);
        return Read("HugePages_Free:") >= free + Needed ? null : $"needs {Needed} huge pages, and the machine's memory has no room for them";
    }

    /// <summary>One process at a time, by a lock on a file that stays.</summary>
    /// <returns>How many more there are now: the kernel gives what it has room for, and no more is to be given back.</returns>
    internal static int Add(string setting, int pages)
    {
        using var held = Lock(Path.Combine(Path.GetTempPath(), "crproperty-hugepages.lock"));
        var now = int.Parse(File.ReadAllText(setting), CultureInfo.InvariantCulture);
        File.WriteAllText(setting, Math.Max(0, now + pages).ToString(CultureInfo.InvariantCulture));
        return int.Parse(File.ReadAllText(setting), CultureInfo.InvariantCulture) - now;
    }

    private static FileStream Lock(string path)
    {
        for (var left = 500; ; left--)
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (left > 0)
            {
                Thread.Sleep(10);
            }
    }

    internal static int Read(string key)
    {
        foreach (var line in File.ReadLines("/proc/meminfo"))
            if (line.StartsWith(key, StringComparison.Ordinal))
                return int.Parse(line.AsSpan(key.Length).TrimEnd("kB"), NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture);
        return 0;
    }
}

/// <summary>One page of 1 GiB, on machines that have plenty of memory: taken and given back as <see cref="HugePageReserve"/> does.</summary>
internal static class GiantPageReserve
{
    private const string Setting = "/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages";

    private static readonly Lazy<string?> _missing = new(Take);

    public static string? Missing => HugePageReserve.Missing ?? _missing.Value;

    private static string? Take()
    {
        if (!File.Exists(Setting))
            return "needs a processor with pages of 1 GiB";
        if (HugePageReserve.Read("MemFree:") < 8 << 20)
            return "needs 8 GiB of free memory";
        var before = Number("free_hugepages");
        int got;
        try
        {
            got = HugePageReserve.Add(Setting, 1);
        }
        catch (IOException e)
        {
            return $"needs a page of 1 GiB; setting one aside failed: {e.Message}";
        }
        AppDomain.CurrentDomain.ProcessExit += (_, _) => HugePageReserve.Add(Setting, -got);
        return Number("free_hugepages") > before ? null : "needs a page of 1 GiB, and the machine's memory is in pieces";
    }

    private static int Number(string name) => int.Parse(File.ReadAllText(Path.Combine(Path.GetDirectoryName(Setting)!, name)), CultureInfo.InvariantCulture);
}

/// <summary>A file system of huge pages, mounted while a test lasts.</summary>
internal sealed class HugePageMount : IDisposable
{
    public HugePageMount() => Run("mount", "-t", "hugetlbfs", "none", Path);

    public string Path { get; } = Directory.CreateTempSubdirectory("crhuge").FullName;

    public void Dispose()
    {
        Run("umount", "-l", Path);
        Directory.Delete(Path);
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} ended with {process.ExitCode}.");
    }
}

/// <summary>A theory that is skipped, with the reason, where a program or a page of 1 GiB is missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class TheoryWithGiantPagesAttribute : TheoryAttribute
{
    public TheoryWithGiantPagesAttribute(params string[] programs) => Skip = Needs.Missing(programs) ?? GiantPageReserve.Missing;
}

/// <summary>A theory that is skipped, with the reason, where a program or huge pages are missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class TheoryWithHugePagesAttribute : TheoryAttribute
{
    public TheoryWithHugePagesAttribute(params string[] programs) => Skip = Needs.Missing(programs) ?? HugePageReserve.Missing;
}

/// <summary>The same for a fact.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class FactWithHugePagesAttribute : FactAttribute
{
    public FactWithHugePagesAttribute(params string[] programs) => Skip = Needs.Missing(programs) ?? HugePageReserve.Missing;
}
