using CrCore.Kernel;
using CrCore.Remote;

namespace CrCore.Restore;

/// <summary>Ends the puppets of tasks that were zombies, each with its saved status (wait(2)), for its parent to find.</summary>
internal static class ZombieEnd
{
    private const int RlimitCore = 4, SigSetMask = 2, PrSetName = 15;

    public static void End(RestoringTask task, Puppet puppet, ICollection<Obstacle> warnings)
    {
        var status = task.Image.Task.ExitCode;
        var signal = (int)(status & 0x7f);
        using var core = new CoreDumpPlace(wanted: (status & 0x80) != 0);
        var batch = new SyscallBatch();
        batch.Must("name", task.Image.Comm, Sys.prctl, PrSetName, batch.Text(task.Image.Comm));
        if (signal == 0)
        {
            batch.Try(Sys.exit_group, status >> 8);
        }
        else
        {
            core.Prepare(batch, RlimitCore);
            batch.Must("unmask signals", null, Sys.rt_sigprocmask, SigSetMask, batch.In(new byte[8]), 0, 8);
            batch.Try(Sys.kill, task.VPid, signal);
        }
        Finish(task, puppet, batch, status, warnings);
    }

    private static void Finish(RestoringTask task, Puppet puppet, SyscallBatch batch, uint status, ICollection<Obstacle> warnings)
    {
        puppet.Send(batch);
        WaitReport report;
        while (true)
        {
            var e = Wait.Take(puppet.Tid, noHang: false, out report);
            if (e != Errno.None)
                throw new CrKernelException("CrWaitFailed", $"Waiting for task {puppet.Tid} to end", e) { Pid = puppet.Tid };
            if (report.IsEnd)
                break;
            // The stop in which the tracer sees the fatal signal: deliver it.
            Ptrace.Continue(puppet.Tid, report.Event == 0 ? report.StopSignal : 0);
        }
        if (report.Status == status)
            return;
        if ((report.Status | 0x80) == (status | 0x80))
            warnings.Add(new("CrCoreDumpFlag", CrErrorKind.Obstacle, ObstacleSeverity.Warning, task.VPid, task.Image.Comm, "exit status",
                "the core-dump flag of its status could not be kept: no core can be dumped here", "See core_pattern in core(5) and the hard limit of core files (ulimit -Hc)."));
        else
            throw new CrTargetException("CrZombieStatus", $"Task {task} ended with status 0x{report.Status:x} instead of its saved 0x{status:x}.") { Pid = task.VPid };
    }
}
