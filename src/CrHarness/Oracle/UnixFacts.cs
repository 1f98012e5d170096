using System.Text.RegularExpressions;

namespace CrHarness.Oracle;

/// <summary>What /proc/PID/net/unix tells of a Unix socket: type, state, flags and name.</summary>
internal static partial class UnixFacts
{
    /// <param name="target">What the link of its descriptor says, with its inode.</param>
    public static string? Of(SnapshotContext context, int pid, string target)
    {
        var inode = target["socket:[".Length..^1];
        if (!context.UnixSockets.TryGetValue(inode, out var facts))
        {
            // Num RefCount Protocol Flags Type St Inode Path; one table for all of a network namespace.
            foreach (var line in (ProcText.Read($"/proc/{pid}/net/unix") ?? "").Split('\n'))
                if (Row().Match(line) is { Success: true } row)
                    context.UnixSockets[row.Groups["inode"].Value] = $"flags {row.Groups["flags"].Value} type {row.Groups["type"].Value} state {row.Groups["state"].Value} name {row.Groups["name"].Value}";
            context.UnixSockets.TryGetValue(inode, out facts);
        }
        return facts;
    }

    [GeneratedRegex("^[0-9a-f]+: [0-9A-F]+ [0-9A-F]+ (?<flags>[0-9A-F]+) (?<type>[0-9A-F]+) (?<state>[0-9A-F]+) +(?<inode>[0-9]+) ?(?<name>.*)$", RegexOptions.IgnoreCase)]
    private static partial Regex Row();
}
