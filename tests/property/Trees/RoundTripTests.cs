using CrHarness.Generation;
using CrHarness.Plans;
using CrHarness.RoundTrips;
using Xunit;

namespace CrProperty.Trees;

/// <summary>
/// Random live trees, checkpointed, ended, restored, and compared by the oracle and by themselves. CR_TREES says how many,
/// CR_SEED where to begin; a failure comes with its seed and the shrunk plan.
/// </summary>
[Collection(LiveTrees.Name)]
public sealed class RoundTripTests(TreeFixture fixture)
{
    private const int Ordinary = 100;

    /// <summary>
    /// Left out are namespaces beside that of pids, and what has trees of its own below.
    /// </summary>
    private const TreeFeatures Kept = TreeFeatures.All & ~TreeFeatures.Containers & ~Outward;

    /// <summary>What ties a tree to numbers and ports of the machine, or to rights that not every user has.</summary>
    private const TreeFeatures Outward = TreeFeatures.Terminals | TreeFeatures.Filters | TreeFeatures.Connections;

    public static TheoryData<ulong> Seeds => [.. Enumerable.Range(0, TreeRun.Count(Ordinary)).Select(i => TreeRun.Seed + (ulong)i)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void ARandomTreeComesBackTheSame(ulong seed)
    {
        // One in five goes through the host's pid namespace; one in four is also left running for a while.
        var generator = new TreeGenerator { Features = Kept, Root = seed % 5 == 4 ? RootPlace.Host : RootPlace.ChildOfInit };
        var options = new RoundTripOptions { LeaveRunning = seed % 4 == 1, NewPidNamespace = seed % 2 == 0 };
        var result = RoundTrip.RunSeed(seed, generator, new CrCoreEngine(), fixture.Spawner, options);
        Assert.True(result.Passed, result.ToString());
    }

    [Theory]
    [InlineData(11), InlineData(12), InlineData(13), InlineData(14), InlineData(15), InlineData(16)]
    public void ATreeWithTerminalsFiltersAndConnectionsComesBackTheSame(ulong seed)
    {
        const TreeFeatures features = Outward | TreeFeatures.Files | TreeFeatures.Pipes | TreeFeatures.Sockets | TreeFeatures.Threads | TreeFeatures.Groups | TreeFeatures.Attributes;
        var options = new RoundTripOptions { LeaveRunning = seed % 4 == 1, NewPidNamespace = seed % 2 == 0 };
        var result = RoundTrip.RunSeed(seed, new TreeGenerator { Features = features, Root = RootPlace.ChildOfInit }, new CrCoreEngine(), fixture.Spawner, options);
        Assert.True(result.Passed, result.ToString());
    }
}
