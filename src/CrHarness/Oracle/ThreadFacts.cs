using CrHarness.Kernel;

namespace CrHarness.Oracle;

/// <summary>What /proc tells of each thread.</summary>
internal static class ThreadFacts
{
    private static readonly string[] Status = ["SigPnd", "SigBlk", "Cpus_allowed", "Uid", "Gid", "CapEff", "CapPrm", "NoNewPrivs", "Seccomp"];

    /// <summary>restart_syscall(2): a call that goes on after a stop shows as this one, with its registers unchanged.</summary>
    private const string RestartSyscall = "219";

    public static void Read(SnapshotContext context, TaskIdentity task, string subject)
    {
        var restless = context.Options.Restless.Contains(task.VPid);
        foreach (var tid in ProcText.Numbers($"/proc/{task.Pid}/task"))
        {
            var at = $"/proc/{task.Pid}/task/{tid}";
            var stat = ProcStat.TryRead(at + "/stat") ?? throw SnapshotContext.Gone(tid);
            var status = ProcStatus.TryRead(at + "/status") ?? throw SnapshotContext.Gone(tid);
            var name = $"{subject} thread {status.VPid}";
            void Add(string what, string value) => context.Snapshot.Add(name, what, value);

            Add("name", stat.Comm);
            Add("state", TaskFacts.State(stat.State));
            Add("nice", stat[19]);
            Add("real-time priority", stat[40]);
            Add("policy", stat[41]);
            Add("io priority", Native.syscall(Native.IoprioGet, 1, tid, 0, 0, 0).ToString());
            foreach (var what in Status)
                Add(what, status[what]);
            if (!restless)
                Add("system call", Call(ProcText.Read(at + "/syscall"), stat.State == 'T'));
        }
    }

    /// <summary>Number, arguments, stack pointer and instruction pointer of a blocked thread.</summary>
    private static string Call(string? text, bool stopped)
    {
        var words = (text ?? "(unreadable)").TrimEnd().Split(' ');
        if (stopped)
            return "(left) " + string.Join(' ', words[Math.Max(0, words.Length - 2)..]);
        return words.Length == 9 && words[0] is RestartSyscall or "35" or "7" or "202" or "230"
            ? "(restartable) " + string.Join(' ', words[1..])
            : string.Join(' ', words);
    }
}
