using System.Collections.Immutable;
using CrHarness.Plans;

namespace CrHarness.Generation;

/// <summary>Simpler plans than a given one, the boldest cuts first. All of them are normalized.</summary>
public static class PlanShrinker
{
    /// <summary>Plans that are a little simpler than one, the simplest first; each can be spawned.</summary>
    public static IEnumerable<TreePlan> Shrink(TreePlan plan)
    {
        plan = PlanNormalizer.Normalize(plan);
        var seen = new HashSet<string>(StringComparer.Ordinal) { PlanJson.Write(plan) };
        foreach (var candidate in Candidates(plan))
        {
            var normal = PlanNormalizer.Normalize(candidate);
            if (seen.Add(PlanJson.Write(normal)))
                yield return normal;
        }
    }

    /// <summary>Follows the first simpler plan that still fails until none does.</summary>
    /// <param name="plan">One that fails.</param>
    /// <param name="fails">Whether a plan (still) fails. Never called with the same plan twice in a row.</param>
    /// <param name="budget">Most calls of <paramref name="fails"/>: each spawns a live tree.</param>
    public static TreePlan Minimize(TreePlan plan, Func<TreePlan, bool> fails, int budget = 200)
    {
        plan = PlanNormalizer.Normalize(plan);
        for (var simpler = true; simpler;)
        {
            simpler = false;
            foreach (var candidate in Shrink(plan))
            {
                if (budget-- <= 0)
                    return plan;
                if (!fails(candidate))
                    continue;
                plan = candidate;
                simpler = true;
                break;
            }
        }
        return plan;
    }

    private static IEnumerable<TreePlan> Candidates(TreePlan plan)
    {
        var tasks = plan.Tasks;
        if (tasks.Length > 1)
            yield return plan with { Tasks = [tasks[0]] };
        for (var i = 1; i < tasks.Length; i++)
            yield return plan with { Tasks = Without(tasks, Subtree(tasks, i)) };
        if (tasks.Length > 2)
            for (var i = tasks.Length - 1; i > 0; i--)
                yield return plan with { Tasks = Without(tasks, [i]) };
        if (tasks.Any(t => t != Bare(t)))
            yield return plan with { Tasks = [.. tasks.Select(Bare)] };
        for (var i = 0; i < tasks.Length; i++)
            if (tasks[i] != Bare(tasks[i]))
                yield return plan with { Tasks = tasks.SetItem(i, Bare(tasks[i])) };
        if (plan.Container is not null)
            yield return plan with { Container = null };
        if (plan.Root == RootPlace.NamespaceInit)
            yield return plan with { Root = RootPlace.ChildOfInit };
        for (var i = 0; i < tasks.Length; i++)
            foreach (var simpler in TaskShrinker.Shrink(tasks[i]))
                yield return plan with { Tasks = tasks.SetItem(i, simpler) };
    }

    /// <summary>The task's place in the tree and nothing more.</summary>
    private static TaskPlan Bare(TaskPlan t) => new()
    {
        Parent = t.Parent, Comm = t.Comm, Ending = t.Ending, Stopped = t.Stopped, Orphan = t.Orphan, NewSession = t.NewSession, Group = t.Group,
        Attributes = new AttributesPlan { Subreaper = t.Attributes.Subreaper },
    };

    private static HashSet<int> Subtree(ImmutableArray<TaskPlan> tasks, int root)
    {
        HashSet<int> found = [root];
        for (var i = root + 1; i < tasks.Length; i++)
            if (found.Contains(tasks[i].Parent))
                found.Add(i);
        return found;
    }

    /// <summary>Removes tasks; children of a removed one go to the nearest ancestor that stays.</summary>
    private static ImmutableArray<TaskPlan> Without(ImmutableArray<TaskPlan> tasks, HashSet<int> removed)
    {
        var moved = new int[tasks.Length];
        var kept = ImmutableArray.CreateBuilder<TaskPlan>();
        for (var i = 0; i < tasks.Length; i++)
        {
            moved[i] = removed.Contains(i) ? moved[tasks[i].Parent] : kept.Count;
            if (!removed.Contains(i))
                kept.Add(tasks[i] with { Parent = i == 0 ? 0 : moved[tasks[i].Parent] });
        }
        return kept.ToImmutable();
    }
}
