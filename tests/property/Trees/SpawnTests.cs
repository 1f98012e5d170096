using CrHarness.Generation;
using CrHarness.Oracle;
using CrHarness.Plans;
using CrHarness.Spawning;
using Xunit;

namespace CrProperty.Trees;

/// <summary>Plans come to life as they say, stay unchanged while nobody touches them, and leave nothing behind.</summary>
[Collection(LiveTrees.Name)]
public sealed class SpawnTests(TreeFixture fixture)
{
    public static TheoryData<ulong> Seeds => [.. Enumerable.Range(0, TreeRun.Count(30)).Select(i => TreeRun.Seed + (ulong)i)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void RandomTreesStandAndPassTheirSelfCheck(ulong seed)
    {
        var plan = new TreeGenerator().Generate(seed);
        using var tree = fixture.Spawner.Spawn(plan);
        var before = Take(tree);
        Assert.Empty(Snapshot.Diff(before, Take(tree)));
        Expectations.Compare(tree, before);
        Assert.Empty(new SelfCheck(tree).Examine());
    }

    private static Snapshot Take(SpawnedTree tree)
    {
        Quiet.Await(tree.RootPid, tree.Restless, TimeSpan.FromSeconds(20));
        return Snapshot.Take(tree.RootPid, tree.Looking);
    }
}
