using System.Management.Automation;
using CrHarness.Generation;
using CrHarness.Plans;

namespace CrModule.Pipeline;

/// <summary>A command that makes random trees: what they may hold.</summary>
public abstract class TreePlanCommand : CrCmdlet
{
    private protected const string RandomSet = "Random";

    /// <summary>Names the first tree; the next one has the next number. By default it is drawn by lot.</summary>
    [Parameter(ParameterSetName = RandomSet)]
    public ulong Seed { get; set; }

    /// <summary>How many trees.</summary>
    [Parameter(ParameterSetName = RandomSet)]
    [ValidateRange(1, int.MaxValue)]
    public int Count { get; set; } = 1;

    /// <summary>Most tasks of a tree.</summary>
    [Parameter(ParameterSetName = RandomSet)]
    [ValidateRange(1, 10_000)]
    public int MaxTask { get; set; } = 10;

    /// <summary>What a tree may hold.</summary>
    [Parameter(ParameterSetName = RandomSet)]
    public TreeFeatures Feature { get; set; } = TreeFeatures.All;

    /// <summary>What it may not.</summary>
    [Parameter(ParameterSetName = RandomSet)]
    public TreeFeatures Exclude { get; set; }

    /// <summary>Where the roots stand.</summary>
    [Parameter(ParameterSetName = RandomSet)]
    public RootPlace Root { get; set; } = RootPlace.ChildOfInit;

    /// <summary>The seed, drawn where none was given.</summary>
    private protected ulong FirstSeed => MyInvocation.BoundParameters.ContainsKey(nameof(Seed)) ? Seed : (ulong)Random.Shared.NextInt64(1, 1L << 40);

    private protected TreeGenerator Generator => new() { Features = Feature & ~Exclude, MaxTasks = MaxTask, Root = Root };
}
