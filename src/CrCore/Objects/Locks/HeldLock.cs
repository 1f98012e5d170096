using System.Globalization;
using System.Text;
using CrCore.Objects.Files;

namespace CrCore.Objects.Locks;

/// <summary>A lock as fdinfo shows it (lock_get_status in fs/locks.c), or a line that nothing is known of.</summary>
/// <param name="Text">The line, for messages.</param>
/// <param name="Pid">Who took it, as this process sees it; 0 or −1 where the kernel tells of nobody.</param>
internal readonly record struct HeldLock(string Text, bool IsKnown, FileLockKind Kind, FileLockType Type, bool IsBreaking, int Pid, long Start, long End)
{
    private const string Prefix = "lock:";

    public bool IsLease => Kind == FileLockKind.Lease;

    /// <summary>Lines of the form "lock: 1: POSIX  ADVISORY  WRITE 4711 fe:00:1234 0 EOF".</summary>
    public static List<HeldLock> Of(Descriptor d)
    {
        var found = new List<HeldLock>();
        if (!d.HasLock)
            return found;
        foreach (var line in Encoding.ASCII.GetString(d.Details).Split('\n'))
            if (line.StartsWith(Prefix, StringComparison.Ordinal))
                found.Add(Parse(line[Prefix.Length..].Trim()));
        return found;
    }

    private static HeldLock Parse(string line)
    {
        var unknown = new HeldLock(line, false, default, default, false, 0, 0, 0);
        if (line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) is not [_, var kind, var state, var type, var pid, _, var start, var end])
            return unknown;
        FileLockKind? known = (kind, state) switch
        {
            ("POSIX", "ADVISORY") => FileLockKind.Posix,
            ("OFDLCK", "ADVISORY") => FileLockKind.Description,
            ("FLOCK", "ADVISORY") => FileLockKind.Flock,
            ("LEASE", "ACTIVE" or "BREAKING") => FileLockKind.Lease,
            _ => null,
        };
        FileLockType? how = type switch { "READ" => FileLockType.Read, "WRITE" => FileLockType.Write, "UNLCK" when state == "BREAKING" => FileLockType.Unlock, _ => null };
        var last = long.MaxValue;
        if (known is null || how is null || !int.TryParse(pid, CultureInfo.InvariantCulture, out var holder) || !long.TryParse(start, CultureInfo.InvariantCulture, out var first)
            || (end != "EOF" && !long.TryParse(end, CultureInfo.InvariantCulture, out last)))
            return unknown;
        return new(line, true, known.Value, how.Value, state == "BREAKING", holder, first, last);
    }
}
