using CrHarness.Kernel;

namespace CrHarness.Oracle;

/// <summary>
/// Objects of System V in an IPC namespace of the tree's own, as /proc/sysvipc shows them to a thread that has entered it.
/// </summary>
internal static class IpcFacts
{
    private const int NewIpc = 0x08000000, ReadOnlyCloexec = 0x80000;

    /// <summary>Of each table, the columns that stay: not pids and times of the last calls, nor what lies in memory.</summary>
    private static readonly (string Table, int[] Columns)[] Tables =
    [
        ("shm", [0, 1, 2, 3, 6, 7, 8, 9, 10]), ("sem", [0, 1, 2, 3, 4, 5, 6, 7]), ("msg", [0, 1, 2, 3, 4, 7, 8, 9, 10]),
    ];

    public static void Read(SnapshotContext context)
    {
        var link = $"/proc/{context.Root.Pid}/ns/ipc";
        if (ProcText.Link(link) is not { } own || own == ProcText.Link("/proc/self/ns/ipc"))
            return;
        var entrance = Native.open(link, ReadOnlyCloexec);
        if (entrance < 0)
            return;
        // A thread that ends afterwards: it cannot well come back.
        var thread = new Thread(() => ReadHere(context, entrance));
        thread.Start();
        thread.Join();
        _ = Native.close(entrance);
    }

    private static void ReadHere(SnapshotContext context, int entrance)
    {
        if (Native.setns(entrance, NewIpc) != 0)
            return;
        foreach (var (table, columns) in Tables)
            foreach (var line in (ProcText.Read("/proc/sysvipc/" + table) ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1))
                if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is var words && words.Length > columns[^1])
                    context.Snapshot.Add("ipc namespace", $"{table} {words[1]}", string.Join(' ', columns.Select(c => words[c])));
    }
}
