using System.Text;

namespace CrHarness.Oracle;

/// <summary>Reads of /proc in which a task that is gone, or that we may not look at, is an answer and no failure.</summary>
internal static class ProcText
{
    public static bool Exists(int pid) => Directory.Exists($"/proc/{pid}");

    /// <summary>The bytes of a file as Latin-1 text, so that odd names survive; null when it cannot be read.</summary>
    public static string? Read(string path)
    {
        try
        {
            return Encoding.Latin1.GetString(File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The target of a symbolic link, or null.</summary>
    public static string? Link(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Names in a directory that are numbers, ascending; empty when it cannot be read.</summary>
    public static List<int> Numbers(string directory)
    {
        var numbers = new List<int>();
        try
        {
            foreach (var entry in Directory.EnumerateFileSystemEntries(directory))
                if (int.TryParse(Path.GetFileName(entry.AsSpan()), out var number))
                    numbers.Add(number);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            numbers.Clear();
        }
        numbers.Sort();
        return numbers;
    }
}
