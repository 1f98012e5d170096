using CrHarness.Kernel;

namespace CrHarness.Oracle;

/// <summary>What /proc tells of each thread.</summary>
internal static class ThreadFacts
{
    private static readonly string[] Status = ["SigPnd", "SigBlk", "Cpus_allowed", "Uid", "Gid", "CapEff", "CapPrm", "NoNewPrivs", "Seccomp", "Seccomp_filters"];

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
                // The mask of a call that brings its own (sigsuspend, ppoll) comes and goes with the call, and a stopped
                // thread has left it; nobody waits until a restless task's threads are in their calls again.
                if (what != "SigBlk" || stat.State != 'T' && !restless)
                    Add(what, status[what]);
            if (restless)
                continue;
            var call = BlockedCall.Parse(ProcText.Read(at + "/syscall"));
            Add("system call", call.Describe(stopped: stat.State == 'T'));
            foreach (var address in call.Written())
                context.Written.Add(new VolatileRange(task.VPid, address, 16));
        }
    }
}
