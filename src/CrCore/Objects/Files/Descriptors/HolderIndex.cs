using CrCore.Kernel;

namespace CrCore.Objects.Files;

/// <summary>A process that has a descriptor onto something.</summary>
internal sealed record Holder(int Pid, string Comm, int Fd)
{
    /// <inheritdoc/>
    public override string ToString() => $"process {Pid} ({Comm})";
}

/// <summary>Which processes hold which nameless objects, from the links below /proc/PID/fd.</summary>
internal sealed class HolderIndex
{
    private readonly Dictionary<string, List<Holder>> _holders = [];

    private HolderIndex()
    {
    }

    /// <summary>Processes whose descriptors could not be read, for lack of rights.</summary>
    public int Unreadable { get; private set; }

    /// <summary>Looks through every process that /proc shows.</summary>
    /// <param name="skip">Processes not to look at.</param>
    /// <param name="wanted">Which links' texts to look for.</param>
    /// <param name="isHeld">Descriptors of this process that it has only while it looks at the tree.</param>
    /// <param name="looks">Whoever borrows descriptors of the tree meanwhile.</param>
    public static HolderIndex Build(ProcReader proc, Func<int, bool> skip, Func<string, bool> wanted, Func<int, bool>? isHeld = null, KnownDescriptors? looks = null)
    {
        var index = new HolderIndex();
        var pids = new List<int>();
        ProcTasks.ListAll(proc, pids);
        var fds = new List<int>();
        foreach (var pid in pids)
            if (!skip(pid))
            {
                if (pid == Environment.ProcessId && looks is not null)
                    looks.WhileNobodyLooks(() => index.AddAll(proc, pid, fds, wanted, isHeld));
                else
                    index.AddAll(proc, pid, fds, wanted, isHeld);
            }
        return index;
    }

    public IReadOnlyList<Holder> Of(string name) => _holders.TryGetValue(name, out var list) ? list : [];

    private void AddAll(ProcReader proc, int pid, List<int> fds, Func<string, bool> wanted, Func<int, bool>? isHeld)
    {
        fds.Clear();
        var isAsked = false;
        try
        {
            ProcFd.TryList(proc, pid, fds);
            foreach (var fd in fds)
            {
                if ((pid == Environment.ProcessId && isHeld is not null && isHeld(fd)) || !ProcFd.TryReadTarget(proc, pid, fd, out var target) || !wanted(target))
                    continue;
                // Of the few that have anything wanted, and of each once.
                if (!isAsked && IsBeingMade(proc, pid))
                    return;
                // What it closed meanwhile is not there to be read again.
                if (isAsked || (ProcFd.TryReadTarget(proc, pid, fd, out var now) && now == target))
                    Add(proc, target, pid, fd);
                isAsked = true;
            }
        }
        catch (CrKernelException e) when (e.Errno is Errno.EACCES or Errno.EPERM)
        {
            // A process that has ended holds nothing, and shows nothing either.
            if (ProcStat.TryRead(proc, pid, out var stat) && !stat.IsZombie)
                Unreadable++;
        }
    }

    /// <summary>
    /// Whether a process is a child of this one that has not run its program yet (vfork(2), posix_spawn(3)): until then it has all that this
    /// process has, what a look borrows for a moment, too.
    /// </summary>
    private static bool IsBeingMade(ProcReader proc, int pid)
    {
        if (!ProcStat.TryRead(proc, pid, out var stat) || stat.ParentPid != Environment.ProcessId)
            return false;
        try
        {
            if (Kcmp.Same(Environment.ProcessId, pid, KcmpType.Vm))
                return true;
        }
        catch (CrKernelException e) when (e.Errno == Errno.ESRCH)
        {
            return true;
        }
        // What is closed when it runs a program is closed a moment after it has memory of its own (begin_new_exec in fs/exec.c).
        Thread.Sleep(1);
        return false;
    }

    private void Add(ProcReader proc, string target, int pid, int fd)
    {
        if (!_holders.TryGetValue(target, out var list))
            _holders.Add(target, list = []);
        // One line a process is enough.
        if (list.Count > 0 && list[^1].Pid == pid)
            return;
        list.Add(new Holder(pid, ProcStat.TryRead(proc, pid, out var stat) ? stat.Comm.ToString() : "", fd));
    }
}
