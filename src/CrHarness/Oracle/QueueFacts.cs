using System.Globalization;
using System.Text;

namespace CrHarness.Oracle;

/// <summary>What the file of a POSIX message queue says (mq_overview(7)): "QSIZE:129 NOTIFY:2 SIGNO:0 NOTIFY_PID:8260".</summary>
internal static class QueueFacts
{
    /// <summary>FILENT_SIZE of ipc/mqueue.c: what every such file says of its size.</summary>
    public const long Size = 80;

    private const string Owner = "NOTIFY_PID:";

    /// <summary>Its bytes, and how who waits to be notified; null for any other file.</summary>
    public static string? Of(SnapshotContext context, string path)
    {
        if (Read(path).Split(Owner) is not [var facts, var owner] || !facts.StartsWith("QSIZE:", StringComparison.Ordinal))
            return null;
        return string.Join(' ', facts.Split(' ', StringSplitOptions.RemoveEmptyEntries)) + " by " + (int.Parse(owner, CultureInfo.InvariantCulture) is not 0 and var pid ? context.Pid(pid) : "nobody");
    }

    private static string Read(string path)
    {
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var bytes = new byte[Size];
            return Encoding.ASCII.GetString(bytes.AsSpan(0, RandomAccess.Read(file, bytes, 0)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
