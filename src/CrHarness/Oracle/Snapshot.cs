namespace CrHarness.Oracle;

/// <summary>One thing the oracle saw.</summary>
/// <param name="Subject">Whose: "task 3", "task 3 fd 5", "task 3 map 7f…".</param>
/// <param name="Name">What of it.</param>
/// <param name="Value">In words, fit to be shown and compared.</param>
public sealed record Fact(string Subject, string Name, string Value);

/// <summary>Bytes that change without the program's doing: a thread's rseq area (rseq(2)) holds the number of its CPU.</summary>
/// <param name="VPid">The task.</param>
/// <param name="Address">First address.</param>
/// <param name="Length">In bytes.</param>
public sealed record VolatileRange(int VPid, ulong Address, int Length);

/// <summary>What the oracle looks at.</summary>
public sealed record SnapshotOptions
{
    /// <summary>Page contents; without them a snapshot of a large tree is cheaper.</summary>
    public bool Pages { get; init; } = true;

    /// <summary>Pids, in the tree's namespace, of tasks that never rest: their pages, system calls and signal masks are not looked at.</summary>
    public IReadOnlySet<int> Restless { get; init; } = new HashSet<int>();

    /// <summary>Where the kernel itself writes into a task's memory.</summary>
    public IReadOnlyList<VolatileRange> Volatile { get; init; } = [];
}

/// <summary>
/// All that /proc, kcmp(2) and the tree's own memory tell of a process tree at rest, as facts that two snapshots can be
/// compared by. Tasks are named by their pids in the tree's own pid namespace. Left out, because it may rightly differ after
/// a restore: host pids, the root's parent and exit signal, times and counters of use, inode and device numbers (sharing is
/// kept as canonical numbers in the order of first sight), mount ids, ids of namespaces (only whether a task shares the
/// root's), control groups, resident and swapped sizes, how anonymous memory is divided into mappings that touch, the
/// system call and the signal mask of a stopped task (which has left the call that may have changed the mask; a self-check
/// sees the mask), text and
/// other pages that equal the file below them, and pages of zeros whether present or not.
/// </summary>
public sealed class Snapshot
{
    /// <summary>So many pages may part from the parent's at least: whatever a task writes to while it is looked at and let go.</summary>
    private const int MostParted = 16;

    private readonly Dictionary<(string Subject, string Name), Fact> _facts = [];

    internal Snapshot(IReadOnlyList<TaskIdentity> tasks) => Tasks = tasks;

    /// <summary>Every task of the tree, the root first.</summary>
    public IReadOnlyList<TaskIdentity> Tasks { get; }

    /// <summary>In the order they were seen.</summary>
    public IEnumerable<Fact> Facts => _facts.Values;

    /// <summary>Hashes of pages that differ from what lies below them (zeros, or the file), by mapping and address.</summary>
    internal Dictionary<string, SortedDictionary<ulong, ulong>> Pages { get; } = [];

    /// <summary>Pages that a task and its parent have in common since fork(2), by the task's pid; where the kernel shows frames.</summary>
    internal Dictionary<int, int> Inherited { get; } = [];

    internal void Add(string subject, string name, string value) => _facts[(subject, name)] = new Fact(subject, name, value);

    /// <summary>The value of a fact, or null where the snapshot has none such.</summary>
    public string? Find(string subject, string name) => _facts.TryGetValue((subject, name), out var fact) ? fact.Value : null;

    /// <summary>Reads the tree under a root that is at rest (see <see cref="Quiet"/>).</summary>
    public static Snapshot Take(int rootPid, SnapshotOptions? options = null) => SnapshotReader.Read(rootPid, options ?? new());

    /// <summary>What differs, in sentences; empty when nothing does.</summary>
    public static IReadOnlyList<string> Diff(Snapshot before, Snapshot after)
    {
        var differences = new List<string>();
        foreach (var (key, fact) in before._facts)
            if (!after._facts.TryGetValue(key, out var now))
                differences.Add($"{fact.Subject}: {fact.Name} was '{Shown(fact.Value)}' and is gone");
            else if (now.Value != fact.Value)
                differences.Add($"{fact.Subject}: {fact.Name} was '{Shown(fact.Value)}' and is '{Shown(now.Value)}'");
        foreach (var (key, fact) in after._facts)
            if (!before._facts.ContainsKey(key))
                differences.Add($"{fact.Subject}: {fact.Name} is new: '{Shown(fact.Value)}'");
        foreach (var map in before.Pages.Keys.Union(after.Pages.Keys))
            AddPages(map, before.Pages.GetValueOrDefault(map), after.Pages.GetValueOrDefault(map), differences);
        foreach (var (task, pages) in before.Inherited)
            if (after.Inherited.TryGetValue(task, out var left) && pages - left > Math.Max(MostParted, pages / 8))
                differences.Add($"task {task}: {pages} pages were its parent's, too, and {left} are");
        return differences;
    }

    /// <summary>Names the first pages of a mapping that differ, and how many do.</summary>
    private static void AddPages(string map, SortedDictionary<ulong, ulong>? before, SortedDictionary<ulong, ulong>? after, List<string> differences)
    {
        if (before is null || after is null)
            return; // the mapping itself is new or gone: that has been said
        var addresses = before.Keys.Union(after.Keys).Where(a => before.GetValueOrDefault(a) != after.GetValueOrDefault(a)).Order().ToArray();
        if (addresses.Length > 0)
            differences.Add($"{map}: {addresses.Length} pages differ ({before.Count} and {after.Count} hold data), first at {string.Join(", ", addresses.Take(3).Select(a => a.ToString("x")))}");
    }

    private static string Shown(string value)
    {
        var text = value.Length > 300 ? value[..300] + "…" : value;
        return string.Concat(text.Select(c => char.IsControl(c) ? $"\\x{(int)c:x2}" : c.ToString()));
    }
}

/// <summary>A task of a snapshot.</summary>
/// <param name="Pid">As this process sees it.</param>
/// <param name="VPid">In the tree's own pid namespace.</param>
/// <param name="State">The letter of proc_pid_stat(5).</param>
/// <param name="Comm">The task's name, at most 15 bytes.</param>
public sealed record TaskIdentity(int Pid, int VPid, char State, string Comm);
