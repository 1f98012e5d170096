using System.Globalization;

namespace CrHarness.Oracle;

/// <summary>Who is whose child, by /proc/PID/task/TID/children.</summary>
internal static class ProcTree
{
    public static List<int> All() => ProcText.Numbers("/proc");

    /// <summary>The root and all that descend from it, parents before children. Complete only while the tree is at rest.</summary>
    public static List<int> Walk(int root)
    {
        List<int> found = [root];
        for (var next = 0; next < found.Count; next++)
        {
            var pid = found[next];
            foreach (var tid in ProcText.Numbers($"/proc/{pid}/task"))
                if (ProcText.Read($"/proc/{pid}/task/{tid}/children") is { } text)
                    foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                        found.Add(int.Parse(word, CultureInfo.InvariantCulture));
        }
        return found;
    }
}
