using System.Diagnostics;
using CrCore.Kernel;
using CrCore.Remote;

namespace CrCore.Restore;

/// <summary>Creates the processes of a plan as puppets, each with its pid, its parent and its session.</summary>
/// <param name="proc">Where the host's pids of processes in another pid namespace are found.</param>
/// <param name="pidRetry">How long to wait for a pid that is taken.</param>
/// <param name="newPids">The tree's pids are numbers of a namespace of its own.</param>
/// <param name="passing">Numbers for helpers that only pass.</param>
/// <param name="inheritance">What must be ready before children are made.</param>
internal sealed class TreeCreator(ProcReader proc, TimeSpan pidRetry, bool newPids, PassingNumbers passing, IInheritance? inheritance = null)
{
    private const int SigChld = 17, MaxPerBatch = 512;

    /// <summary>Offset of set_tid in struct clone_args.</summary>
    private const int SetTidAt = 64;

    private readonly List<(PlannedTask Plan, Puppet Puppet)> _made = [];
    private readonly List<(PlannedTask Plan, Puppet Helper, Puppet Reaper)> _helpers = [];

    /// <summary>The process group that each process is in, as far as it is one of the tree's.</summary>
    private readonly Dictionary<Puppet, int> _groups = [];

    /// <summary>Everything created, in the order of creation, helpers that still live included.</summary>
    public IReadOnlyList<(PlannedTask Plan, Puppet Puppet)> Made => _made;

    /// <summary>Creates the whole plan below <paramref name="creator"/>.</summary>
    /// <param name="plan">The first process.</param>
    /// <param name="creator">The puppet that makes it.</param>
    /// <param name="namespaces">New namespaces for the first process.</param>
    /// <param name="cancel">Looked at between processes.</param>
    /// <param name="born">Called with each process before it creates others or starts a session.</param>
    /// <param name="sessionStarted">Called with each leader of a session before its children in that session are created.</param>
    public void Create(PlannedTask plan, Puppet creator, CloneFlags namespaces, CancellationToken cancel,
        Action<PlannedTask, Puppet>? born = null, Action<PlannedTask>? sessionStarted = null)
    {
        var todo = new Stack<(PlannedTask Plan, Puppet Puppet, Puppet? Parent)>();
        var leadAtBirth = !SomeStayOutside(plan);
        MakeAll(null, [plan], creator, null, namespaces, todo);
        while (todo.TryPop(out var next))
        {
            cancel.ThrowIfCancellationRequested();
            born?.Invoke(next.Plan, next.Puppet);
            MakeAll(next.Plan, next.Plan.Before, next.Puppet, next.Parent, CloneFlags.None, todo);
            if (next.Plan.LeadsSession)
            {
                Lead(next, Sys.setsid, "start session");
                sessionStarted?.Invoke(next.Plan);
            }
            else if (leadAtBirth && next.Plan.Group == next.Plan.VPid)
            {
                Lead(next, Sys.setpgid, "start process group");
            }
            MakeAll(next.Plan, next.Plan.After, next.Puppet, next.Parent, CloneFlags.None, todo);
        }
    }

    /// <summary>Puts every task that was not born there into its process group, the leaders first, then ends the helpers.</summary>
    public void JoinGroups()
    {
        foreach (var (plan, puppet) in _made)
            if (plan.Group == plan.VPid && !plan.LeadsSession && !IsIn(puppet, plan.Group))
                Run(puppet, Sys.setpgid, "start process group", plan);
        foreach (var (plan, puppet) in _made)
            if (plan.Group != 0 && plan.Group != plan.VPid && !IsIn(puppet, plan.Group))
                Run(puppet, Sys.setpgid, "join process group", plan, 0, plan.Group);
        EndHelpers();
    }

    /// <summary>Whether some process is in the group of the tree's creator, which it can only inherit.</summary>
    private static bool SomeStayOutside(PlannedTask plan)
    {
        var todo = new Stack<PlannedTask>([plan]);
        while (todo.TryPop(out var next))
        {
            if (next.Group == 0 && next != plan && !next.OnlyPasses)
                return true;
            foreach (var child in next.Before)
                todo.Push(child);
            foreach (var child in next.After)
                todo.Push(child);
        }
        return false;
    }

    private bool IsIn(Puppet puppet, int group) => _groups.TryGetValue(puppet, out var present) && present == group;

    /// <summary>Its children will be born into the group that it starts.</summary>
    private void Lead((PlannedTask Plan, Puppet Puppet, Puppet? Parent) task, Sys call, string what)
    {
        Run(task.Puppet, call, what, task.Plan);
        _groups[task.Puppet] = task.Plan.VPid;
    }

    private void MakeAll(PlannedTask? creatorsPlan, List<PlannedTask> plans, Puppet creator, Puppet? creatorsParent, CloneFlags namespaces, Stack<(PlannedTask, Puppet, Puppet?)> todo)
    {
        for (var i = 0; i < plans.Count;)
        {
            var count = Math.Min(MaxPerBatch, inheritance?.Prepare(creatorsPlan, creator, plans, i) ?? plans.Count - i);
            MakeSome(plans.GetRange(i, count), creator, creatorsParent, namespaces, todo);
            i += count;
        }
    }

    private void MakeSome(List<PlannedTask> plans, Puppet creator, Puppet? creatorsParent, CloneFlags namespaces, Stack<(PlannedTask, Puppet, Puppet?)> todo)
    {
        var deadline = Stopwatch.GetTimestamp() + (long)(pidRetry.TotalSeconds * Stopwatch.Frequency);
        var due = plans;
        while (due.Count > 0)
        {
            var failed = new List<PlannedTask>();
            var batch = new SyscallBatch();
            var slots = new Slot[due.Count];
            for (var i = 0; i < slots.Length; i++)
                slots[i] = AddClone(batch, due[i], namespaces);
            creator.Run(batch);
            var hostPids = newPids ? HostPids(due, creator, creatorsParent) : null;
            for (var i = 0; i < slots.Length; i++)
            {
                var result = batch.Result(slots[i]);
                if (result < 0)
                {
                    Refused(due[i], batch.ErrnoOf(slots[i]), deadline);
                    failed.Add(due[i]);
                    continue;
                }
                Adopt(due[i], creator, creatorsParent, hostPids is null ? (int)result : HostPid(hostPids, due[i], creator), todo);
            }
            due = failed;
            if (due.Count > 0)
                Thread.Sleep(2);
        }
    }

    private Slot AddClone(SyscallBatch batch, PlannedTask plan, CloneFlags namespaces)
    {
        if (plan.OnlyPasses)
            plan.VPid = passing.Next();
        var tid = batch.In(BitConverter.GetBytes(plan.VPid));
        var flags = CloneFlags.Ptrace | namespaces | plan.Sharing | (plan.AsSibling ? CloneFlags.Parent : 0);
        // A sibling gets its creator's exit signal, and the call insists on 0 (clone3_args_valid).
        var exitSignal = plan.AsSibling ? 0 : plan.IsHelper ? SigChld : plan.Image!.Task.ExitSignal;
        var args = batch.In(new CloneArgs { Flags = (ulong)flags, ExitSignal = (ulong)exitSignal, SetTidSize = 1 });
        batch.Pointer(args.Skip(SetTidAt), tid);
        return batch.Try(Sys.clone3, args, args.Length);
    }

    /// <summary>A pid number stays taken for some milliseconds after its task is gone: try again until the time is up.</summary>
    private void Refused(PlannedTask plan, Errno errno, long deadline)
    {
        if (errno == Errno.EEXIST && Stopwatch.GetTimestamp() < deadline)
            return;
        if (errno == Errno.EEXIST)
            throw new CrKernelException("CrPidTaken", $"Creating task {plan} failed after {pidRetry.TotalSeconds:0.#} s of trying: the pid {plan.VPid} is taken", errno,
                "End the process that has it (also as its process group or session), or restore into a new pid namespace.", CrErrorKind.Obstacle)
            { Pid = plan.VPid };
        throw new CrKernelException("CrCreateFailed", $"Creating task {plan}", errno, errno switch
        {
            Errno.EPERM => "Giving a process its old pid needs CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN; an ordinary user can restore into a new pid namespace.",
            Errno.EAGAIN or Errno.ENOMEM => "Raise the limit of processes (ulimit -u, /proc/sys/kernel/pid_max, pids cgroup) or free memory.",
            Errno.EINVAL => $"The pid may lie above /proc/sys/kernel/pid_max, or the kernel lacks a namespace.",
            _ => null,
        })
        { Pid = plan.VPid };
    }

    private void Adopt(PlannedTask plan, Puppet creator, Puppet? creatorsParent, int pid, Stack<(PlannedTask, Puppet, Puppet?)> todo)
    {
        var puppet = new Puppet(pid, pid, creator.Page, creator.ArenaSize);
        _made.Add((plan, puppet));
        puppet.AwaitBirth();
        inheritance?.Born(creator, puppet);
        if (_groups.TryGetValue(creator, out var group))
            _groups[puppet] = group;
        if (plan.IsHelper && (plan.Group != 0 || plan.OnlyPasses))
            _helpers.Add((plan, puppet, creator));
        todo.Push((plan, puppet, plan.AsSibling ? creatorsParent : creator));
    }

    /// <summary>
    /// clone3 answers with the number that the creator's namespace sees. Outside of it, the kernel's list of the parent's
    /// children tells who that is.
    /// </summary>
    private Dictionary<int, int> HostPids(List<PlannedTask> plans, Puppet creator, Puppet? creatorsParent)
    {
        var children = new List<int>();
        ProcTasks.TryListChildren(proc, creator.Pid, creator.Pid, children);
        if (creatorsParent is not null && plans.Exists(p => p.AsSibling))
            ProcTasks.TryListChildren(proc, creatorsParent.Pid, creatorsParent.Pid, children);
        var found = new Dictionary<int, int>(children.Count);
        foreach (var child in children)
            if (ProcStatus.TryRead(proc, child, out var status) && status.NamespaceTgids is [.., var last])
                found[last] = child;
        return found;
    }

    private static int HostPid(Dictionary<int, int> found, PlannedTask plan, Puppet creator)
        => found.TryGetValue(plan.VPid, out var pid) ? pid
            : throw new CrTargetException("CrCreateFailed", $"The new process {plan} was not found among the children of {creator.Pid}.") { Pid = plan.VPid };

    /// <summary>
    /// The last one first: all that were above a helper when it was made still are when it ends, so that its children come
    /// to the one that is to adopt them, the only subreaper there is meanwhile (PR_SET_CHILD_SUBREAPER of prctl(2)).
    /// </summary>
    private void EndHelpers()
    {
        if (_helpers.Count == 0)
            return;
        var puppets = new Dictionary<PlannedTask, Puppet>(_made.Count);
        foreach (var (plan, puppet) in _made)
            puppets[plan] = puppet;
        var ended = new HashSet<Puppet>(_helpers.Count);
        try
        {
            for (var i = _helpers.Count - 1; i >= 0; i--)
            {
                var (plan, helper, reaper) = _helpers[i];
                var adopter = plan.Adopter is { } a ? puppets[a] : null;
                if (adopter is not null)
                    Adopting(adopter, true);
                End(helper);
                ended.Add(helper);
                // Else it would be left to the init of this machine, and its number stay taken until that one looks.
                Run(reaper, Sys.wait4, "wait for helper", plan, plan.VPid, 0, 0x40000000);
                if (adopter is null)
                    continue;
                Adopting(adopter, false);
                foreach (var child in plan.After)
                    if (!ProcStat.TryRead(proc, puppets[child].Pid, out var stat) || stat.ParentPid != adopter.Pid)
                        throw new CrTargetException("CrCreateFailed", $"Task {child} did not come to its parent {plan.Adopter}, but to {stat.ParentPid}.") { Pid = child.VPid };
            }
        }
        finally
        {
            _made.RemoveAll(m => ended.Contains(m.Puppet));
        }
        _helpers.Clear();
    }

    private static void End(Puppet helper)
    {
        var exit = new SyscallBatch();
        exit.Try(Sys.exit_group, 0);
        helper.Send(exit);
        while (Wait.Take(helper.Pid, noHang: false, out var report) == Errno.None && !report.IsEnd)
        {
        }
    }

    private static void Adopting(Puppet adopter, bool value)
        => Run(adopter, Sys.prctl, "adopt orphans", adopter.Pid, (int)PrctlOption.SetChildSubreaper, value ? 1 : 0);

    private static void Run(Puppet puppet, Sys call, string what, object subject, long a = 0, long b = 0, long c = 0)
    {
        var batch = new SyscallBatch();
        batch.Must(what, subject, call, a, b, c);
        puppet.Run(batch);
    }
}
