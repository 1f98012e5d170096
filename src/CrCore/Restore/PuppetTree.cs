using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;

namespace CrCore.Restore;

/// <summary>
/// The puppets of one restore, from the first to the last. Whatever happens, <see cref="Dispose"/> leaves none that
/// was not released: all are killed and taken, and the tracer thread's end would do the same (PTRACE_O_EXITKILL).
/// </summary>
internal sealed class PuppetTree(ProcReader proc) : IDisposable
{
    private const int SigKill = 9;

    private readonly Dictionary<TaskImage, Puppet> _puppets = [];
    private TreeCreator? _creator;
    private bool _released;

    public Puppet? Bootstrap { get; private set; }

    /// <summary>The init made for a tree without one, or null.</summary>
    public Puppet? Init { get; private set; }

    public Puppet this[RestoringTask task] => _puppets[task.Image];

    /// <summary>Starts the first puppet, if it was not.</summary>
    public Puppet Start(ulong page, int arenaSize) => Bootstrap ??= Puppet.Start(page, arenaSize);

    /// <summary>Creates all processes of the plan.</summary>
    /// <param name="plan">The first process.</param>
    /// <param name="namespaces">Namespaces and init.</param>
    /// <param name="options">How long to retry a pid.</param>
    /// <param name="passing">Numbers for helpers.</param>
    /// <param name="tasks">The image's tasks, which get their puppets.</param>
    /// <param name="cancel">Looked at between processes.</param>
    /// <param name="inheritance">What the tree's processes inherit from each other.</param>
    /// <param name="rootBorn">Called when the root exists and has no children yet.</param>
    /// <param name="sessionStarted">Called with each task that leads a session, when it has begun and has no member else.</param>
    public void Create(PlannedTask plan, NamespacePlan namespaces, RestoreOptions options, PassingNumbers passing, IReadOnlyList<RestoringTask> tasks, CancellationToken cancel, IInheritance? inheritance, Action rootBorn, Action<RestoringTask> sessionStarted)
    {
        _creator = new TreeCreator(proc, options.PidRetry, namespaces.NewPid, passing, inheritance);
        var creator = Bootstrap!;
        var flags = namespaces.Flags;
        if (namespaces.Clocks is { IsInside: false } clocks)
            NamespaceSetup.MakeClocks(creator, clocks, proc);
        if (namespaces.NeedsInit)
        {
            _creator.Create(InitPlan(), creator, flags, cancel);
            creator = Init = _creator.Made[0].Puppet;
            NamespaceSetup.EnterNew(Init, namespaces, proc);
            flags = CloneFlags.None;
        }
        _creator.Create(plan, creator, flags, cancel, (made, puppet) =>
        {
            // The first one, be it the root or a helper before it: all others inherit from it.
            if (flags != CloneFlags.None)
                NamespaceSetup.EnterNew(puppet, namespaces, proc);
            flags = CloneFlags.None;
            if (made.Image is not { } image)
                return;
            _puppets[image] = puppet;
            var task = tasks[image.Index];
            task.Pid = puppet.Pid;
            task.Remote = puppet;
            if (image.Index != 0)
                return;
            rootBorn();
        }, leader =>
        {
            if (leader.Image is { } image)
                sessionStarted(tasks[image.Index]);
        });
        _creator.JoinGroups();
    }

    private static PlannedTask InitPlan() => new() { Image = null, VPid = 1, LeadsSession = false, Group = 0 };

    /// <summary>Lets the first puppet, which nobody needs once all others are made, end while those are filled.</summary>
    public void KillBootstrap()
    {
        if (Bootstrap is { } b)
            Libc.Syscall(Sys.kill, b.Pid, SigKill);
    }

    /// <summary>Waits until the first puppet has ended: the tree's root has gone to the nearest reaper (init, or a subreaper).</summary>
    public void EndBootstrap()
    {
        KillBootstrap();
        if (Bootstrap is { } b)
            TakeEnd(b.Pid);
        Bootstrap = null;
    }

    /// <summary>All tasks live on their own now.</summary>
    public void Released() => _released = true;

    public void Dispose()
    {
        if (!_released && _creator is not null)
        {
            for (var i = _creator.Made.Count - 1; i >= 0; i--)
                Libc.Syscall(Sys.kill, _creator.Made[i].Puppet.Pid, SigKill);
            for (var i = _creator.Made.Count - 1; i >= 0; i--)
                TakeAll(_creator.Made[i].Puppet.Pid);
        }
        EndBootstrap();
    }

    /// <summary>Takes the ends of a killed process's threads, then its own.</summary>
    private void TakeAll(int pid)
    {
        var tids = new List<int>();
        ProcTasks.TryListThreads(proc, pid, tids);
        foreach (var tid in tids)
            if (tid != pid)
                TakeEnd(tid);
        TakeEnd(pid);
    }

    private static void TakeEnd(int tid)
    {
        while (Wait.Take(tid, noHang: false, out var report) == Errno.None && !report.IsEnd)
        {
        }
    }
}
