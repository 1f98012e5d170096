using System.Globalization;

namespace CrHarness.Oracle;

/// <summary>
/// Lines of /proc/PID/fdinfo/N (proc_pid_fdinfo(5)) as facts: without numbers of this machine's inodes and objects, with pids as the
/// tree has them, and without what a clock decides.
/// </summary>
internal static class DescriptorLines
{
    /// <summary>Numbers that the kernel gives anew, and what counts on.</summary>
    private static readonly HashSet<string> Left = ["mnt_id", "ino", "tty-index", "eventfd-id", "NSpid", "it_value", "map_id", "memlock"];

    public static IEnumerable<(string Name, string Value)> Of(SnapshotContext context, string text)
    {
        var same = new Dictionary<string, int>();
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            if (Known(context, line) is var (name, value))
                // Several watches may have one number, or none: they are told apart by their order.
                yield return (same[name] = same.GetValueOrDefault(name) + 1) == 1 ? (name, value) : ($"{name} ({same[name]})", value);
            else if (line.Split(':', 2) is [var what, var how] && !Left.Contains(what))
                yield return (what, how.Trim());
    }

    /// <summary>
    /// "lock: 1: POSIX  ADVISORY  WRITE 4711 fe:00:1234 0 EOF" without its inode; "inotify wd:1 ino:… mask:2 …", "fanotify ino:… mask:2 …"
    /// and "tfd: 5 events: 19 data: 7 pos:0 ino:…" without their files.
    /// </summary>
    private static (string What, string How)? Known(SnapshotContext context, string line)
        => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) switch
        {
            ["lock:", var number, var kind, _, var type, var pid, _, var start, var end] => ($"lock {number}", $"{kind} {type} {start} {end} of {(pid == "-1" ? "its open file" : context.Pid(Number(pid)))}"),
            ["lock:", var number, "LEASE", var state, var type, var pid, _, var start, var end, ..] => ($"lock {number}", $"lease {state} {type} of {context.Pid(Number(pid))} {start} {end}"),
            ["inotify", var number, _, _, var mask, ..] => (number, mask),
            ["fanotify", var first, .. var rest] => (first.StartsWith("flags", StringComparison.Ordinal) ? "group" : "mark", string.Join(' ', rest.Where(w => w.Contains("mask", StringComparison.Ordinal) || w.Contains("flags", StringComparison.Ordinal)))),
            ["tfd:", var number, "events:", var events, "data:", var data, ..] => ($"watch of {number}", $"events {events} data {data}"),
            ["Pid:", var pid] => ("process", pid == "-1" ? "ended" : context.Pid(Number(pid))),
            _ => null,
        };

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
