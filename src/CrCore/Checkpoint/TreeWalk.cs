using CrCore.Kernel;

namespace CrCore.Checkpoint;

/// <summary>Finds the tasks of a tree from /proc, parents before children, with an explicit stack: depth is bounded by memory.</summary>
public static class TreeWalk
{
    private const int ManyThreads = 64;

    /// <summary>Every task below and including <paramref name="rootPid"/> that could be read; those that ended meanwhile are left out.</summary>
    /// <returns>The root first, then depth-first in the order of the kernel's lists; empty when the root is gone.</returns>
    public static List<LiveTask> Walk(ProcReader proc, int rootPid)
    {
        var found = new List<LiveTask>();
        // Numbers as the root's own pid namespace gives them: status lists one for each namespace, the root's is so deep.
        var level = 0;
        var todo = new Stack<(int Pid, LiveTask? Parent, int ParentTid)>();
        var children = new List<int>();
        var parents = new List<int>();
        todo.Push((rootPid, null, 0));
        while (todo.TryPop(out var next))
        {
            if (Read(proc, next.Pid, next.Parent, next.ParentTid, ref level) is not { } task)
                continue;
            found.Add(task);
            next.Parent?.Children.Add(task);
            children.Clear();
            parents.Clear();
            ListChildren(proc, task, children, parents);
            for (var i = children.Count - 1; i >= 0; i--)
                todo.Push((children[i], task, parents[i]));
        }
        return found;
    }

    /// <summary>Of a process of many threads another processor reads the second half.</summary>
    private static void ListChildren(ProcReader proc, LiveTask task, List<int> children, List<int> parents)
    {
        var half = task.Tids.Count < ManyThreads || Environment.ProcessorCount < 2 ? task.Tids.Count : task.Tids.Count / 2;
        var others = half == task.Tids.Count ? null : Task.Run(() =>
        {
            using var own = new ProcReader();
            var (theirs, makers) = (new List<int>(), new List<int>());
            ListChildren(own, task, half, task.Tids.Count, theirs, makers);
            return (theirs, makers);
        });
        try
        {
            ListChildren(proc, task, 0, half, children, parents);
        }
        finally
        {
            if (others is not null)
            {
                var (theirs, makers) = others.GetAwaiter().GetResult();
                children.AddRange(theirs);
                parents.AddRange(makers);
            }
        }
    }

    private static void ListChildren(ProcReader proc, LiveTask task, int from, int to, List<int> children, List<int> parents)
    {
        for (var i = from; i < to; i++)
        {
            ProcTasks.TryListChildren(proc, task.Pid, task.Tids[i], children);
            while (parents.Count < children.Count)
                parents.Add(task.Tids[i]);
        }
    }

    private static LiveTask? Read(ProcReader proc, int pid, LiveTask? parent, int parentTid, ref int level)
    {
        if (!ProcStat.TryRead(proc, pid, out var stat) || !ProcStatus.TryRead(proc, pid, out var status))
            return null;
        var tids = new List<int>();
        if (!stat.IsZombie && !ProcTasks.TryListThreads(proc, pid, tids))
            return null;
        if (parent is null)
            level = Math.Max(1, status.NamespaceTgids.Length);
        return new LiveTask
        {
            Pid = pid,
            VPid = At(status.NamespaceTgids, level),
            VPgid = At(status.NamespaceProcessGroups, level),
            VSid = At(status.NamespaceSessions, level),
            InNestedPidNamespace = status.NamespaceTgids.Length > level,
            Parent = parent,
            ParentTid = parentTid,
            Stat = stat,
            Comm = stat.Comm.ToString(),
            Tids = tids,
        };
    }

    private static int At(int[] numbers, int level) => numbers.Length >= level ? numbers[level - 1] : 0;
}
