using CrCore.Kernel;

namespace CrCore.Checkpoint;

/// <summary>Finds the tasks of a tree from /proc, parents before children, with an explicit stack: depth is bounded by memory.</summary>
public static class TreeWalk
{
    /// <summary>Every task below and including <paramref name="rootPid"/> that could be read; those that ended meanwhile are left out.</summary>
    /// <returns>The root first, then depth-first in the order of the kernel's lists; empty when the root is gone.</returns>
    public static List<LiveTask> Walk(ProcReader proc, int rootPid)
    {
        var found = new List<LiveTask>();
        var todo = new Stack<(int Pid, LiveTask? Parent)>();
        var children = new List<int>();
        todo.Push((rootPid, null));
        while (todo.TryPop(out var next))
        {
            if (Read(proc, next.Pid, next.Parent) is not { } task)
                continue;
            found.Add(task);
            next.Parent?.Children.Add(task);
            children.Clear();
            foreach (var tid in task.Tids)
                ProcTasks.TryListChildren(proc, task.Pid, tid, children);
            for (var i = children.Count - 1; i >= 0; i--)
                todo.Push((children[i], task));
        }
        return found;
    }

    private static LiveTask? Read(ProcReader proc, int pid, LiveTask? parent)
    {
        if (!ProcStat.TryRead(proc, pid, out var stat) || !ProcStatus.TryRead(proc, pid, out var status))
            return null;
        var tids = new List<int>();
        if (!stat.IsZombie && !ProcTasks.TryListThreads(proc, pid, tids))
            return null;
        return new LiveTask
        {
            Pid = pid,
            VPid = status.NamespaceTgids.Length > 0 ? status.NamespaceTgids[^1] : pid,
            Parent = parent,
            Stat = stat,
            Comm = stat.Comm.ToString(),
            Tids = tids,
        };
    }
}
