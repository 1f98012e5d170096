using System.Text;

namespace CrHarness.Plans;

/// <summary>What follows for one task from a normalized plan: who forks it, who its parent becomes, which group it joins.</summary>
public sealed record TaskShape
{
    /// <summary>Its place in the plan.</summary>
    public required int Index { get; init; }

    /// <summary>The task whose child it is once the tree stands; -1 for the root.</summary>
    public required int Parent { get; init; }

    /// <summary>How it comes to its parent.</summary>
    public required OrphanKind Orphan { get; init; }

    /// <summary>setsid(2) before it forks.</summary>
    public required bool NewSession { get; init; }

    /// <summary>Key of the session: the leader's index, <see cref="Outside"/>, or <see cref="Gone"/> of an orphan's index.</summary>
    public required int Session { get; init; }

    /// <summary>Key of the process group, likewise.</summary>
    public required int GroupKey { get; init; }

    /// <summary>"own": setpgid to itself. "keep" otherwise.</summary>
    public required string Group { get; init; }

    /// <summary>Index of the leader whose group it joins, or -1.</summary>
    public required int Joins { get; init; }

    /// <summary>Tasks it forks, in order.</summary>
    public required IReadOnlyList<int> Forks { get; init; }

    /// <summary>Zombies it is the parent of, with what waitid(2) tells of each: si_code and si_status.</summary>
    public required IReadOnlyList<int> Zombies { get; init; }

    /// <summary>Of each zombie in <see cref="Zombies"/>, si_code and si_status.</summary>
    public required IReadOnlyList<int[]> Statuses { get; init; }

    /// <summary>Children that are stopped.</summary>
    public required IReadOnlyList<int> Stopped { get; init; }

    /// <summary>A living child to block on in wait(2), or -1.</summary>
    public required int WaitChild { get; init; }

    /// <summary>The name as the kernel keeps it, in hexadecimal.</summary>
    public required string Comm { get; init; }

    /// <summary>The names of its further threads as the kernel keeps them, in hexadecimal.</summary>
    public required IReadOnlyList<string> ThreadNames { get; init; }

    /// <summary>The key of a session or group whose leader is not in the tree.</summary>
    public const int Outside = -1;

    /// <summary>The key of one whose leader died.</summary>
    public static int Gone(int index) => -2 - index;
}

/// <summary>The shape of a whole tree.</summary>
public static class TreeShape
{
    /// <param name="plan">Normalized.</param>
    public static IReadOnlyList<TaskShape> Of(TreePlan plan)
    {
        var tasks = plan.Tasks;
        var parents = new int[tasks.Length];
        var session = new int[tasks.Length];
        var group = new int[tasks.Length];
        var forks = new List<int>[tasks.Length];
        for (var i = 0; i < tasks.Length; i++)
        {
            var t = tasks[i];
            forks[i] = [];
            parents[i] = i == 0 ? -1 : t.Orphan == OrphanKind.None ? t.Parent : PlanNormalizer.Adopter(tasks, t.Parent, plan.Root);
            if (i > 0)
                forks[t.Parent].Add(i);
            (session[i], group[i]) = t.NewSession ? (i, i)
                : i == 0 ? (TaskShape.Outside, TaskShape.Outside)
                : t.Orphan == OrphanKind.SessionLeaderGone ? (TaskShape.Gone(i), TaskShape.Gone(i))
                : t.Orphan == OrphanKind.GroupLeaderGone ? (session[t.Parent], TaskShape.Gone(i))
                : (session[t.Parent], group[t.Parent]);
        }
        var children = Enumerable.Range(0, tasks.Length).ToLookup(i => parents[i]);
        var leaders = Enumerable.Range(0, tasks.Length).Where(i => tasks[i].NewSession || tasks[i].Group == 1).ToLookup(i => session[i]);
        var shapes = new TaskShape[tasks.Length];
        for (var i = 0; i < tasks.Length; i++)
        {
            var t = tasks[i];
            var own = t is { NewSession: false, Group: 1 };
            var joins = -1;
            if (t is { NewSession: false, Group: >= 2 } && leaders[session[i]].ToArray() is { Length: > 0 } possible)
                joins = possible[(t.Group - 2) % possible.Length];
            shapes[i] = new TaskShape
            {
                Index = i, Parent = parents[i], Orphan = t.Orphan, NewSession = t.NewSession, Session = session[i],
                GroupKey = own ? i : joins >= 0 ? joins : group[i], Group = own ? "own" : "keep", Joins = joins,
                Forks = forks[i], Zombies = [.. children[i].Where(c => tasks[c].Ending is not null)],
                Statuses = [.. children[i].Where(c => tasks[c].Ending is not null).Select(c => Status(tasks[c].Ending!))],
                Stopped = [.. children[i].Where(c => tasks[c].Stopped)],
                WaitChild = children[i].Where(c => tasks[c].Ending is null).DefaultIfEmpty(-1).First(),
                Comm = Convert.ToHexString(CommBytes(t.Comm)), ThreadNames = [.. t.Threads.Select(x => Convert.ToHexString(CommBytes(x.Name)))],
            };
        }
        return shapes;
    }

    /// <summary>A name as prctl(PR_SET_NAME) keeps it: up to the first NUL, 15 bytes at most.</summary>
    public static byte[] CommBytes(string name)
    {
        var bytes = Encoding.UTF8.GetBytes(name);
        var end = Array.IndexOf(bytes, (byte)0);
        return bytes.AsSpan(0, Math.Min(15, end < 0 ? bytes.Length : end)).ToArray();
    }

    /// <summary>si_code (CLD_EXITED, CLD_KILLED, CLD_DUMPED) and si_status.</summary>
    private static int[] Status(EndingPlan e) => e.Signal == 0 ? [1, e.ExitCode] : [e.Core ? 3 : 2, e.Signal];
}
