using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Files;

/// <summary>
/// Processes that live only while descriptions are made that refer to one that has ended: pidfds, files below /proc/PID.
/// Children of the server, unseen by the tree: nothing signals their ends, and the server takes them. Kept in the states of
/// a restore.
/// </summary>
internal sealed class DeadProcesses(RestoreContext context)
{
    private const int SetTidAt = 64, AllChildren = 0x40000000, SigSetMask = 2, CoreLimit = 4, SigKill = 9;
    private const int Tries = 16;

    private readonly List<(Puppet Puppet, int VPid, int Status)> _living = [];

    public static DeadProcesses Of(RestoreContext context) => context.States.Get(() => new DeadProcesses(context));

    /// <summary>Makes one with any number that the image does not need.</summary>
    /// <param name="status">How it is to end, as wait(2) tells it.</param>
    /// <returns>Its pid as the tree sees it.</returns>
    public int Make(int status)
    {
        for (var i = 0; i < Tries; i++)
        {
            // One in the way of a task's or thread's number stays until all that are to come are here, too; and then goes.
            var vpid = Create(0, status);
            if (!IsNeeded(vpid))
                return vpid;
        }
        throw new CrTargetException("CrCreateFailed", $"Task {context.Root}: no pid was free for a process that is to have ended, but those that the tree needs.", "Restore into a new pid namespace (-NewPidNamespace).");
    }

    /// <summary>Makes one with a given number.</summary>
    public void MakeAs(int vpid)
    {
        foreach (var (_, known, _) in _living)
            if (known == vpid)
                return;
        Create(vpid, SigKill);
    }

    /// <summary>Ends all of them; further calls do nothing.</summary>
    public void End()
    {
        foreach (var (puppet, vpid, status) in _living)
        {
            End(puppet, vpid, status);
            var taken = new SyscallBatch();
            taken.Must("wait for the passing process", vpid, Sys.wait4, vpid, 0, AllChildren, 0);
            context.Root.Remote.Run(taken);
        }
        _living.Clear();
    }

    private int Create(int wanted, int status)
    {
        var batch = new SyscallBatch();
        // An exit signal of 0 tells nobody.
        var args = batch.In(new CloneArgs { Flags = (ulong)CloneFlags.Ptrace, SetTidSize = wanted == 0 ? 0ul : 1 });
        if (wanted != 0)
            batch.Pointer(args.Skip(SetTidAt), batch.In(BitConverter.GetBytes(wanted)));
        var made = batch.Must("create a passing process", wanted == 0 ? null : wanted, Sys.clone3, args, args.Length);
        context.Root.Remote.Run(batch);
        var vpid = (int)batch.Result(made);
        var pid = HostPid(vpid);
        var puppet = new Puppet(pid, pid, context.PuppetStart, context.Root.Remote.ArenaSize);
        puppet.AwaitBirth();
        _living.Add((puppet, vpid, status));
        return vpid;
    }

    private int HostPid(int vpid)
    {
        var children = new List<int>();
        ProcTasks.TryListChildren(context.Proc, context.Root.Pid, context.Root.Pid, children);
        for (var i = children.Count - 1; i >= 0; i--)
            if (ProcStatus.TryRead(context.Proc, children[i], out var status) && status.NamespaceTgids is [.., var last] && last == vpid)
                return children[i];
        throw new CrTargetException("CrCreateFailed", $"The passing process {vpid} was not found among the children of {context.Root}.") { Pid = vpid };
    }

    private static void End(Puppet puppet, int vpid, int status)
    {
        var batch = new SyscallBatch();
        if ((status & 0x7f) is var signal && signal == 0)
        {
            batch.Try(Sys.exit_group, status >> 8 & 0xff);
        }
        else
        {
            batch.Try(Sys.prlimit64, 0, CoreLimit, batch.In(new RLimit64(0, 0)), 0);
            batch.Try(Sys.rt_sigprocmask, SigSetMask, batch.In(new byte[8]), 0, 8);
            batch.Try(Sys.kill, vpid, signal);
        }
        puppet.Send(batch);
        while (Wait.Take(puppet.Tid, noHang: false, out var report) == Errno.None && !report.IsEnd)
            // The stop in which the tracer sees the fatal signal; one that does not end it, after all, is none to be had back.
            if (report.Event != 0 || report.StopSignal != signal || Ptrace.Continue(puppet.Tid, signal) != Errno.None)
                Libc.Syscall(Sys.kill, puppet.Tid, SigKill);
    }

    private bool IsNeeded(int vpid)
    {
        foreach (var task in context.Image.Tasks)
        {
            if (task.VPid == vpid)
                return true;
            foreach (var thread in task.Threads)
                if (thread.VTid == vpid)
                    return true;
        }
        return false;
    }
}
