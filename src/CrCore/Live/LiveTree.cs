using System.Buffers.Text;
using CrCore.Checkpoint;
using CrCore.Kernel;
using CrCore.Objects;

namespace CrCore.Live;

/// <summary>A task of a running tree, and what stands in the way of saving it.</summary>
/// <param name="Summary">The task itself.</param>
/// <param name="ParentIndex">Its parent's place in the list; -1 for the root.</param>
/// <param name="PrivateBytes">Resident memory that no file backs and nobody shares, about: what a checkpoint would store.</param>
/// <param name="Obstacles">What concerns this task, warnings included.</param>
public sealed record LiveTreeTask(TaskSummary Summary, int ParentIndex, long PrivateBytes, IReadOnlyList<Obstacle> Obstacles);

/// <summary>Looks at running trees from outside; touches nothing.</summary>
public static class LiveTree
{
    /// <summary>Every task of a tree, the root first, depth-first, each with its own obstacles.</summary>
    /// <exception cref="CrArgumentException">CrBadPid, CrNoProcess, CrRootEnded, CrKernelThread.</exception>
    public static IReadOnlyList<LiveTreeTask> List(int pid, CheckpointOptions options, CancellationToken cancel = default)
    {
        using var proc = new ProcReader();
        Obstacle? own = null;
        try
        {
            CheckpointPreflight.CheckTarget(proc, pid);
        }
        catch (CrArgumentException e) when (e.Id == "CrOwnAncestor")
        {
            // It can be looked at, though not saved.
            own = new Obstacle(e.Id, e.Kind, ObstacleSeverity.Error, pid, "", "", e.Message.TrimEnd('.'), e.Advice);
        }
        var walk = TreeWalk.Walk(proc, pid);
        cancel.ThrowIfCancellationRequested();
        if (walk.Count == 0)
            throw new CrTargetException("CrRootEnded", $"Process {pid} ended while it was looked at.") { Pid = pid };
        var facts = new ProcFacts();
        using var states = new KindStates();
        using var ahead = new FactReader(facts, states, walk, capture: false, glimpse: false);
        var obstacles = ByTask(CheckpointPreflight.Inspect(facts, states, walk, options, frozen: false));
        var places = new Dictionary<int, int>(walk.Count);
        var tasks = new List<LiveTreeTask>(walk.Count);
        foreach (var task in walk)
        {
            IReadOnlyList<Obstacle> mine = obstacles.GetValueOrDefault(task.Pid, []);
            if (own is not null && tasks.Count == 0)
                mine = [own with { Comm = task.Comm }, .. mine];
            places[task.Pid] = tasks.Count;
            tasks.Add(new LiveTreeTask(TreeCheckpoint.Summary(task), task.Parent is null ? -1 : places[task.Parent.Pid], PrivateBytes(proc, task.Pid), mine));
        }
        return tasks;
    }

    private static Dictionary<int, List<Obstacle>> ByTask(List<Obstacle> obstacles)
    {
        var byTask = new Dictionary<int, List<Obstacle>>();
        foreach (var obstacle in obstacles)
        {
            if (!byTask.TryGetValue(obstacle.Pid, out var list))
                byTask.Add(obstacle.Pid, list = []);
            list.Add(obstacle);
        }
        return byTask;
    }

    /// <summary>/proc/PID/statm (proc_pid_statm(5)): resident pages less those of files and shared memory.</summary>
    private static long PrivateBytes(ProcReader proc, int pid)
    {
        if (!proc.TryRead(pid, "statm"u8, out var text))
            return 0;
        Span<long> pages = stackalloc long[3];
        foreach (ref var number in pages)
        {
            if (!Utf8Parser.TryParse(text, out number, out var used))
                return 0;
            text = text[Math.Min(text.Length, used + 1)..];
        }
        return (pages[1] - pages[2]) * Environment.SystemPageSize;
    }
}
