using System.Collections.Immutable;
using CrHarness.Plans;

namespace CrHarness.Generation;

/// <summary>Makes random plans. The same seed, features and size give the same plan for ever.</summary>
public sealed record TreeGenerator
{
    /// <summary>What a tree may hold.</summary>
    public TreeFeatures Features { get; init; } = TreeFeatures.All;

    /// <summary>Most tasks of a tree.</summary>
    public int MaxTasks { get; init; } = 10;

    /// <summary>Where roots stand when not <see cref="RootPlace.NamespaceInit"/>.</summary>
    public RootPlace Root { get; init; } = RootPlace.ChildOfInit;

    /// <summary>Every tree has namespaces of its own, and its root is pid 1.</summary>
    public bool Contained { get; init; }

    /// <summary>The plan of a seed: the same on every machine, for the same features and size.</summary>
    public TreePlan Generate(ulong seed)
    {
        var random = new PlanRandom(seed);
        var init = Has(TreeFeatures.NamespaceInit) && random.Percent(35) || Contained;
        var detail = new TaskGenerator(random, Features);
        var count = random.Percent(10) ? 1 : random.Between(1, Math.Max(1, MaxTasks));
        // Mostly bushy, at times a chain or a fan.
        var style = random.Below(10);
        var tasks = ImmutableArray.CreateBuilder<TaskPlan>();
        for (var i = 0; i < count; i++)
        {
            var parent = style switch { 0 => i - 1, 1 => 0, _ => random.Below(Math.Max(1, i)) };
            tasks.Add(detail.Task(i == 0) with { Parent = Math.Max(0, parent) });
        }
        return PlanNormalizer.Normalize(new TreePlan
        {
            Root = init ? RootPlace.NamespaceInit : Root,
            Container = init && (Has(TreeFeatures.Containers) && random.Percent(50) || Contained)
                ? new ContainerPlan
                {
                    HostName = $"host-{random.Below(1000)}", DomainName = random.Pick("(none)", "example.test"),
                    Network = random.Percent(50), LoopbackUp = random.Percent(50),
                }
                : null,
            Tasks = tasks.ToImmutable(),
        });
    }

    private bool Has(TreeFeatures feature) => (Features & feature) != 0;
}
