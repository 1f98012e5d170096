using CrHarness.Generation;
using CrHarness.Plans;
using CrHarness.RoundTrips;
using Xunit;

namespace CrProperty.Trees;

/// <summary>
/// Random live trees, checkpointed, ended, restored, and compared by the oracle and by themselves. CR_TREES says how many,
/// CR_SEED where to begin, CR_SHRINK how many round trips may go into making a failure simpler; a failure comes with its seed and the shrunk plan.
/// </summary>
[Collection(LiveTrees.Name)]
public sealed class RoundTripTests(TreeFixture fixture)
{
    private const int Ordinary = 80;

    /// <summary>
    /// Left out are namespaces beside that of pids, and what has trees of its own below.
    /// </summary>
    private const TreeFeatures Kept = TreeFeatures.All & ~TreeFeatures.Containers & ~Outward;

    /// <summary>What ties a tree to numbers and ports of the machine, or to rights that not every user has.</summary>
    private const TreeFeatures Outward = TreeFeatures.Terminals | TreeFeatures.TerminalForms | TreeFeatures.Filters | TreeFeatures.Connections | TreeFeatures.Endpoints
        | TreeFeatures.HugePages | TreeFeatures.Segments | TreeFeatures.SystemV | TreeFeatures.ThreadRights | TreeFeatures.Maps | TreeFeatures.Tunnels | TreeFeatures.Marks;

    /// <summary>The first as many trees that go out, and trees in namespaces of their own.</summary>
    private const int OrdinaryOutward = 16, OrdinaryContained = 10;

    public static TheoryData<ulong> Seeds => [.. Enumerable.Range(0, TreeRun.Count(Ordinary)).Select(i => TreeRun.Seed + (ulong)i)];

    public static TheoryData<ulong> OutwardSeeds => [.. Enumerable.Range(0, TreeRun.Count(OrdinaryOutward)).Select(i => TreeRun.Seed + 10 + (ulong)i)];

    public static TheoryData<ulong> ContainedSeeds => [.. Enumerable.Range(0, TreeRun.Count(OrdinaryContained)).Select(i => TreeRun.Seed + (ulong)i)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void ARandomTreeComesBackTheSame(ulong seed)
    {
        // One in five goes through the host's pid namespace; one in four is also left running for a while.
        var generator = new TreeGenerator { Features = Kept, Root = seed % 5 == 4 ? RootPlace.Host : RootPlace.ChildOfInit };
        var options = new RoundTripOptions { LeaveRunning = seed % 4 == 1, NewPidNamespace = seed % 2 == 0 };
        var result = RoundTrip.RunSeed(seed, generator, new CrCoreEngine(), fixture.Spawner, options, TreeRun.ShrinkBudget);
        Assert.True(result.Passed, result.ToString());
    }

    [Theory]
    [MemberData(nameof(OutwardSeeds))]
    public void ATreeWithTerminalsFiltersAndConnectionsComesBackTheSame(ulong seed)
    {
        const TreeFeatures features = Outward | TreeFeatures.Files | TreeFeatures.Pipes | TreeFeatures.Sockets | TreeFeatures.SocketOptions | TreeFeatures.Events
            | TreeFeatures.Threads | TreeFeatures.Groups | TreeFeatures.Attributes;
        var options = new RoundTripOptions { LeaveRunning = seed % 4 == 1, NewPidNamespace = seed % 2 == 0 };
        var result = RoundTrip.RunSeed(seed, new TreeGenerator { Features = features, Root = RootPlace.ChildOfInit }, new CrCoreEngine(), fixture.Spawner, options, TreeRun.ShrinkBudget);
        Assert.True(result.Passed, result.ToString());
    }

    [Theory]
    [MemberData(nameof(ContainedSeeds))]
    public void ATreeWithAnIpcNamespaceOfItsOwnComesBackTheSame(ulong seed)
    {
        const TreeFeatures features = TreeFeatures.Segments | TreeFeatures.SystemV | TreeFeatures.Queues | TreeFeatures.Files | TreeFeatures.Events | TreeFeatures.Groups;
        var generator = new TreeGenerator { Features = features, MaxTasks = 6, Contained = true };
        var result = RoundTrip.RunSeed(seed, generator, new CrCoreEngine(), fixture.Spawner, new RoundTripOptions { LeaveRunning = seed % 4 == 1 }, TreeRun.ShrinkBudget);
        Assert.True(result.Passed, result.ToString());
    }
}
