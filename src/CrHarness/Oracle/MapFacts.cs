using System.Globalization;
using CrHarness.Kernel;

namespace CrHarness.Oracle;

/// <summary>A mapping as /proc/PID/smaps tells of it.</summary>
/// <param name="Object">Canonical name of what is mapped: a path, a kind, or an object's number.</param>
internal sealed record Mapping(ulong Start, ulong End, string Perms, ulong Offset, string Path, string Object, string Flags)
{
    public bool IsShared => Perms[3] == 's';

    public bool IsAnonymous => Path.Length == 0 || Path is "[heap]" or "[stack]" || Path.StartsWith("[anon", StringComparison.Ordinal);

    public bool IsSpecial => Path.StartsWith("[v", StringComparison.Ordinal);

    public bool Continues(Mapping before) => before.End == Start && before.Perms == Perms && before.Object == Object && before.Flags == Flags
        && (IsAnonymous || before.Offset + (before.End - before.Start) == Offset);
}

/// <summary>The address space: mappings, adjacent ones merged, and the pages in them.</summary>
internal static class MapFacts
{
    /// <summary>Flags that depend on history (soft dirty, accounting, whether guard markers ever were there) and not on what a
    /// program set; the markers themselves are facts of their own.</summary>
    private static readonly HashSet<string> Ignored = ["sd", "ac", "um", "uw", "ss", "sf", "gu"];

    public static void Read(SnapshotContext context, TaskIdentity task, string subject)
    {
        var merged = new List<Mapping>();
        foreach (var map in Parse(context, task))
            if (merged.Count > 0 && map.Continues(merged[^1]))
                merged[^1] = merged[^1] with { End = map.End };
            else
                merged.Add(map);
        using var pages = context.Options.Pages && !context.Options.Restless.Contains(task.VPid) ? PageReader.Open(task.Pid, context.Options.Volatile.Concat(context.Written).Where(v => v.VPid == task.VPid)) : null;
        foreach (var map in merged)
        {
            var name = $"{subject} map {map.Start:x}-{map.End:x}";
            context.Snapshot.Add(name, "is", $"{map.Perms} {map.Object} offset {(map.IsAnonymous ? 0 : map.Offset):x}");
            context.Snapshot.Add(name, "flags", map.Flags);
            if (map.IsShared)
                AddShared(context, task, map);
            else if (!map.IsSpecial)
                pages?.AddPrivate(context.Snapshot, name, map);
        }
        if (pages is { Guards.Length: > 0 })
            context.Snapshot.Add(subject, "guard pages", pages.Guards);
        if (pages is { Frames.Count: > 0 })
            context.Frames[task.Pid] = pages.Frames;
    }

    /// <summary>Sharing is kept for so many levels, and each task below them begins with copies (docs/performance.md, "Growth").</summary>
    private const int SharingLevels = 32;

    /// <summary>Pages that a task and its parent have in common since fork(2), where the kernel shows frames.</summary>
    public static void AddSharing(SnapshotContext context)
    {
        var depths = new Dictionary<int, int>();
        // Parents come first.
        foreach (var task in context.Snapshot.Tasks)
        {
            if (ProcStat.TryRead($"/proc/{task.Pid}/stat") is not { } stat)
                continue;
            depths[task.Pid] = depths.TryGetValue(stat.Parent, out var depth) ? depth + 1 : 0;
            if (depths[task.Pid] % SharingLevels != 0 && context.Frames.TryGetValue(task.Pid, out var own) && context.Frames.TryGetValue(stat.Parent, out var parents))
                context.Snapshot.Inherited[task.VPid] = own.Count(page => parents.GetValueOrDefault(page.Key) == page.Value);
        }
    }

    private static void AddShared(SnapshotContext context, TaskIdentity task, Mapping map)
    {
        if (map.Object[0] == '/' && map.Object.IndexOf('#') < 0)
            return; // a file with a name: its contents are the file system's
        var link = $"/proc/{task.Pid}/map_files/{map.Start:x}-{map.End:x}";
        if (FileIdentity.Of(link) is { } file)
            ObjectFacts.AddContents(context, map.Object[map.Object.LastIndexOf('#')..], file.Key, link);
    }

    private static List<Mapping> Parse(SnapshotContext context, TaskIdentity task)
    {
        var maps = new List<Mapping>();
        var text = ProcText.Read($"/proc/{task.Pid}/smaps") ?? throw SnapshotContext.Gone(task.Pid);
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            if (line.StartsWith("VmFlags:", StringComparison.Ordinal))
                maps[^1] = maps[^1] with { Flags = string.Join(' ', line[8..].Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(f => !Ignored.Contains(f))) };
            else if (line[0] is >= '0' and <= '9' or >= 'a' and <= 'f')
                maps.Add(Header(context, task, line));
        maps.RemoveAll(m => m.Path == "[vsyscall]");
        return maps;
    }

    private static Mapping Header(SnapshotContext context, TaskIdentity task, string line)
    {
        // start-end perms offset dev inode   path; the path may hold spaces
        var words = line.Split(' ', 6);
        var dash = words[0].IndexOf('-');
        var start = ulong.Parse(words[0].AsSpan(0, dash), NumberStyles.HexNumber);
        var end = ulong.Parse(words[0].AsSpan(dash + 1), NumberStyles.HexNumber);
        var path = words.Length > 5 ? words[5].Trim() : "";
        var what = path.Length == 0 ? "anonymous" : path;
        // The first segment of a namespace has the number 0, and its inode with it.
        // The ring of a context of asynchronous I/O is nothing that tasks can use together, though a child has its parent's.
        if (path != "/[aio] (deleted)" && (words[4] != "0" || path.StartsWith("/SYSV", StringComparison.Ordinal)) && (path.EndsWith(" (deleted)", StringComparison.Ordinal) || path.StartsWith("[anon_shmem", StringComparison.Ordinal)))
        {
            // The identity as statx tells it, so that a descriptor and a mapping of one memfd get the same number.
            var key = FileIdentity.Of($"/proc/{task.Pid}/map_files/{words[0]}")?.Key ?? $"{words[3]} {words[4]}";
            what = $"{path} {context.Number(key)}";
        }
        return new Mapping(start, end, words[1], ulong.Parse(words[2], NumberStyles.HexNumber), path, what, "");
    }
}
