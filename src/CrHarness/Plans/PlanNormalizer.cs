using System.Collections.Immutable;

namespace CrHarness.Plans;

/// <summary>
/// Turns any plan into one that can be spawned: choices become indices in range, contradictions are resolved in favour of
/// what is simpler. Normalizing twice changes nothing more.
/// </summary>
public static class PlanNormalizer
{
    /// <summary>The plan that can be spawned and is nearest to one.</summary>
    public static TreePlan Normalize(TreePlan plan)
    {
        var tasks = new List<TaskPlan>();
        foreach (var raw in plan.Tasks.IsDefaultOrEmpty ? [new TaskPlan()] : plan.Tasks)
            tasks.Add(Shape(raw, tasks, plan.Root));
        for (var i = 0; i < tasks.Count; i++)
            tasks[i] = TaskNormalizer.Normalize(tasks[i], mayAdopt: tasks[i].Attributes.Subreaper || i == 0 || HasChildren(tasks, i),
                ownIpc: plan.Root == RootPlace.NamespaceInit && plan.Container is not null);
        return plan with
        {
            Container = plan.Root == RootPlace.NamespaceInit && plan.Container is { } c ? Normalize(c) : null,
            Tasks = [.. tasks],
        };
    }

    /// <summary>What depends on the tasks before: parent, orphanhood, and what a root or a zombie cannot be.</summary>
    private static TaskPlan Shape(TaskPlan raw, List<TaskPlan> before, RootPlace place)
    {
        var index = before.Count;
        if (index == 0)
            return raw with
            {
                Parent = 0, Ending = null, Orphan = OrphanKind.None,
                Stopped = raw.Stopped && place != RootPlace.NamespaceInit, // an init ignores SIGSTOP from its own namespace
                // An init in another task's group can never end: it waits for all pids of its namespace to be given back
                // and holds that one itself (zap_pid_ns_processes in kernel/pid_namespace.c).
                Group = place == RootPlace.NamespaceInit && raw.Group > 1 ? 1 : raw.Group,
                DropInherited = 0, RewriteInherited = 0, RewriteSeed = 0, CloseInherited = 0,
            };
        var parent = Modulo(raw.Parent, index);
        while (before[parent].Ending is not null)
            parent = before[parent].Parent;
        var zombie = raw.Ending is not null;
        return raw with
        {
            Parent = parent,
            Stopped = raw.Stopped && !zombie,
            Orphan = Adopter(before, parent, place) >= 0 ? raw.Orphan : OrphanKind.None,
        };
    }

    /// <summary>
    /// The task that gets the children of a dead child of <paramref name="parent"/>: the nearest subreaper from there up
    /// (find_new_reaper in kernel/exit.c), else pid 1 if that is the root; -1 when it would leave the tree.
    /// </summary>
    internal static int Adopter(IReadOnlyList<TaskPlan> tasks, int parent, RootPlace place)
    {
        for (var at = parent; ; at = tasks[at].Parent)
        {
            if (tasks[at].Attributes.Subreaper)
                return at;
            if (at == 0)
                return place == RootPlace.NamespaceInit ? 0 : -1;
        }
    }

    private static bool HasChildren(List<TaskPlan> tasks, int index)
    {
        for (var i = index + 1; i < tasks.Count; i++)
            if (tasks[i].Parent == index)
                return true;
        return false;
    }

    private static ContainerPlan Normalize(ContainerPlan c) => c with
    {
        HostName = Ascii(c.HostName), DomainName = Ascii(c.DomainName), LoopbackUp = c.Network && c.LoopbackUp,
    };

    private static string Ascii(string text)
    {
        var kept = new string(text.Where(ch => ch is > ' ' and < '\x7f').Take(64).ToArray());
        return kept.Length == 0 ? "plan" : kept;
    }

    internal static int Modulo(int value, int count) => (int)(((long)value % count + count) % count);
}
