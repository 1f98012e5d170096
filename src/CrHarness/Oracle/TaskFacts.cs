using System.Text;

namespace CrHarness.Oracle;

/// <summary>What /proc tells of a process as a whole.</summary>
internal static class TaskFacts
{
    private static readonly (int Field, string Name)[] Layout =
    [
        (26, "start of code"), (27, "end of code"), (28, "start of stack"), (45, "start of data"), (46, "end of data"),
        (47, "start of heap"), (48, "start of arguments"), (49, "end of arguments"), (50, "start of environment"), (51, "end of environment"),
    ];

    private static readonly string[] Status =
    [
        "Umask", "Uid", "Gid", "Groups", "Threads", "SigIgn", "SigCgt", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb",
        "NoNewPrivs", "Seccomp", "Seccomp_filters", "THP_enabled", "VmLck",
    ];

    private static readonly string[] Files = ["limits", "oom_score_adj", "coredump_filter", "personality", "timerslack_ns", "uid_map", "gid_map"];

    private static readonly string[] Namespaces = ["mnt", "uts", "ipc", "net", "user", "pid", "cgroup", "time"];

    public static void Read(SnapshotContext context, TaskIdentity task, string subject)
    {
        var at = $"/proc/{task.Pid}";
        var stat = ProcStat.TryRead(at + "/stat") ?? throw SnapshotContext.Gone(task.Pid);
        var status = ProcStatus.TryRead(at + "/status") ?? throw SnapshotContext.Gone(task.Pid);
        var root = task.Pid == context.Root.Pid;
        void Add(string name, string value) => context.Snapshot.Add(subject, name, value);

        Add("name", task.Comm);
        Add("state", State(stat.State));
        Add("parent", root ? "outside" : context.Pid(stat.Parent));
        Add("process group", context.Led(stat.Group, status.VGroup, context.OutsideGroup));
        var session = context.Led(stat.Session, status.VSession, context.OutsideSession);
        Add("session", session);
        // A session from outside is that of whoever spawned or restored the tree, and so is its terminal.
        if (session != SnapshotContext.Outside)
        {
            // Which number a pseudo-terminal has depends on who else has one.
            Add("terminal", stat[7] == "0" ? "none" : context.Number("terminal " + stat[7]));
            Add("foreground group", stat[8] == "-1" ? "none" : context.Pid(int.Parse(stat[8])));
        }
        if (!root)
            Add("exit signal", stat[38]);
        if (task.State == 'Z')
        {
            Add("exit status", Exit(int.Parse(stat[52])));
            return;
        }
        foreach (var (field, name) in Layout)
            Add(name, stat[field]);
        foreach (var name in Status)
            Add(name, status[name]);
        Add("ShdPnd", Pending(task, stat.State, status));
        foreach (var name in Files)
            Add(name, ProcText.Read($"{at}/{name}") ?? "(unreadable)");
        foreach (var name in (string[])["cmdline", "environ"])
            Add(name, (ProcText.Read($"{at}/{name}") ?? "(unreadable)").Replace('\0', ' '));
        foreach (var name in (string[])["cwd", "root", "exe"])
            Add(name, ProcText.Link($"{at}/{name}") ?? "(unreadable)");
        Add("auxv", ProcText.Read(at + "/auxv") is { } auxv ? Convert.ToHexString(Encoding.Latin1.GetBytes(auxv)) : "(unreadable)");
        Add("merging of pages", Line(at + "/ksm_stat", "ksm_merge_any"));
        // What a mapping has no policy of its own for shows the task's.
        Add("memory policy", ProcText.Read(at + "/numa_maps")?.Split(' ') is [_, var policy, ..] ? policy : "(none)");
        foreach (var name in Namespaces)
            Add("namespace " + name, ProcText.Link($"{at}/ns/{name}") == ProcText.Link($"/proc/{context.Root.Pid}/ns/{name}") ? "the root's" : "another");
        AddTimers(context, task, subject);
    }

    private static string Line(string file, string name)
    {
        foreach (var line in (ProcText.Read(file) ?? "").Split('\n'))
            if (line.StartsWith(name, StringComparison.Ordinal))
                return line[name.Length..].Trim(' ', ':');
        return "(none)";
    }

    /// <summary>
    /// Signals pending for the process. A SIGCHLD without a handler, which is nothing, is queued all the same while a call's
    /// own mask happens to block it (sig_ignored in kernel/signal.c): so it depends on when a child stopped or died.
    /// </summary>
    private static string Pending(TaskIdentity task, char state, ProcStatus status)
    {
        const ulong Child = 1UL << 16;
        var pending = Convert.ToUInt64(status["ShdPnd"], 16);
        var caught = (Convert.ToUInt64(status["SigCgt"], 16) & Child) != 0;
        if (!caught && (state == 'T' || BlockedCall.Parse(ProcText.Read($"/proc/{task.Pid}/syscall")).HasOwnMask))
            pending &= ~Child;
        return pending.ToString("x16");
    }

    /// <summary>POSIX timers; a target in "notify: signal/tid.N" is a pid as the reader sees it.</summary>
    private static void AddTimers(SnapshotContext context, TaskIdentity task, string subject)
    {
        var id = "";
        foreach (var line in (ProcText.Read($"/proc/{task.Pid}/timers") ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var colon = line.IndexOf(':');
            var (name, value) = (line[..colon], line[(colon + 1)..].Trim());
            if (name == "ID")
                id = value;
            else
                context.Snapshot.Add($"{subject} timer {id}", name, name == "notify" && value.LastIndexOf('.') is var dot and > 0
                    ? value[..dot] + " of " + context.Pid(int.Parse(value.AsSpan(dot + 1))) : value);
        }
    }

    /// <summary>Running and sleeping are one: a task at rest may be seen either way.</summary>
    public static string State(char state) => state switch
    {
        'R' or 'S' or 'D' or 'I' => "alive",
        'T' => "stopped",
        't' => "stopped by a tracer",
        'Z' => "zombie",
        _ => $"state {state}",
    };

    /// <summary>A status as wait(2) packs it.</summary>
    private static string Exit(int status) => (status & 0x7f) == 0
        ? $"exit {status >> 8 & 0xff}"
        : $"signal {status & 0x7f}{((status & 0x80) != 0 ? ", core dumped" : "")}";
}
