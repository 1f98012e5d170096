namespace CrCore.Kernel;

/// <summary>A line of uid_map or gid_map (user_namespaces(7)): <paramref name="Length"/> ids from <paramref name="Inside"/> on are those from <paramref name="Outside"/> on.</summary>
/// <param name="Outside">In the reader's user namespace, or in the parent of the map's where the reader is inside it.</param>
public readonly record struct IdMapRange(uint Inside, uint Outside, uint Length);

/// <summary>/proc/PID/uid_map and gid_map.</summary>
public static class ProcIdMap
{
    /// <summary>Adds the ranges of the user ids of a process's user namespace; false when the process is gone.</summary>
    public static bool TryReadUsers(ProcReader reader, int pid, ICollection<IdMapRange> ranges) => TryRead(reader, pid, "uid_map"u8, ranges);

    /// <summary>Adds the ranges of the group ids; false when the process is gone.</summary>
    public static bool TryReadGroups(ProcReader reader, int pid, ICollection<IdMapRange> ranges) => TryRead(reader, pid, "gid_map"u8, ranges);

    /// <summary>Parses the text of a map file; false where it is not as the manual page says.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, ICollection<IdMapRange> ranges)
    {
        var lines = new TextCursor(text);
        while (lines.NextLine(out var line))
        {
            var c = new TextCursor(line);
            var range = new IdMapRange(c.UInt32(), c.UInt32(), c.UInt32());
            if (c.Failed)
                return false;
            ranges.Add(range);
        }
        return true;
    }

    /// <summary>Whether an id inside stands for one outside.</summary>
    public static bool Knows(IReadOnlyList<IdMapRange> ranges, uint inside)
    {
        foreach (var r in ranges)
            if (inside >= r.Inside && inside - r.Inside < r.Length)
                return true;
        return false;
    }

    /// <summary>The id that an outside one has inside: the overflow id where there is none (user_namespaces(7)).</summary>
    public static uint ToInside(IReadOnlyList<IdMapRange> ranges, uint outside)
    {
        const uint overflow = 65534;
        foreach (var r in ranges)
            if (outside >= r.Outside && outside - r.Outside < r.Length)
                return r.Inside + (outside - r.Outside);
        return overflow;
    }

    /// <summary>Whether an id outside is one inside.</summary>
    public static bool KnowsOutside(IReadOnlyList<IdMapRange> ranges, uint outside)
    {
        foreach (var r in ranges)
            if (outside >= r.Outside && outside - r.Outside < r.Length)
                return true;
        return false;
    }

    /// <summary>The id inside of root, or of whoever is the first.</summary>
    /// <param name="ranges">At least one.</param>
    public static uint Leading(IReadOnlyList<IdMapRange> ranges) => Knows(ranges, 0) ? 0 : ranges[0].Inside;

    /// <summary>The id that <see cref="Leading"/> stands for outside.</summary>
    /// <param name="ranges">At least one.</param>
    public static uint LeadingOutside(IReadOnlyList<IdMapRange> ranges)
    {
        var inside = Leading(ranges);
        foreach (var r in ranges)
            if (inside >= r.Inside && inside - r.Inside < r.Length)
                return r.Outside + (inside - r.Inside);
        return ranges[0].Outside;
    }

    private static bool TryRead(ProcReader reader, int pid, ReadOnlySpan<byte> name, ICollection<IdMapRange> ranges)
    {
        if (!reader.TryRead(pid, name, out var text))
            return false;
        return TryParse(text, ranges) ? true : throw KernelError.BadText($"/proc/{pid}/{System.Text.Encoding.UTF8.GetString(name)}", pid);
    }
}
