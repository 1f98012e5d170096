using CrHarness.Plans;

namespace CrModule;

/// <summary>A process tree to be spawned, as plain data.</summary>
public sealed class CrTreePlan
{
    internal CrTreePlan(TreePlan plan, ulong? seed = null)
    {
        Plan = PlanNormalizer.Normalize(plan);
        Seed = seed;
    }

    /// <summary>The seed that it was made from; null where it was described.</summary>
    public ulong? Seed { get; }

    /// <summary>Where the root stands.</summary>
    public RootPlace Root => Plan.Root;

    /// <summary>Tasks, ended ones included.</summary>
    public int TaskCount => Plan.Tasks.Length;

    /// <summary>Threads, those that lead a task included.</summary>
    public int ThreadCount => Plan.Tasks.Sum(t => t.Ending is null ? 1 + t.Threads.Length : 0);

    /// <summary>Tasks that end and are not waited for.</summary>
    public int ZombieCount => Plan.Tasks.Count(t => t.Ending is not null);

    /// <summary>The whole plan.</summary>
    public TreePlan Plan { get; }

    /// <summary>As New-CrTreePlan -Json takes it.</summary>
    public string ToJson() => PlanJson.Write(Plan, indented: true);

    /// <inheritdoc/>
    public override string ToString() => $"plan of {TaskCount} tasks{(Seed is null ? "" : $", seed {Seed}")}";
}
