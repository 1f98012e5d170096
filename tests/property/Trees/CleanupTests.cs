using CrHarness.Generation;
using CrHarness.Oracle;
using CrHarness.Plans;
using CrHarness.Spawning;
using Xunit;

namespace CrProperty.Trees;

/// <summary>Nothing of a tree outlives its end, in every place a root can be.</summary>
[Collection(LiveTrees.Name)]
public sealed class CleanupTests(TreeFixture fixture)
{
    [Theory]
    [InlineData(RootPlace.ChildOfInit)]
    [InlineData(RootPlace.NamespaceInit)]
    [InlineData(RootPlace.Host)]
    public void DisposingLeavesNoProcess(RootPlace place)
    {
        var features = TreeFeatures.All & ~(TreeFeatures.NamespaceInit | TreeFeatures.Containers);
        for (ulong seed = 100; seed < 104; seed++)
        {
            var plan = new TreeGenerator { Features = features, Root = place }.Generate(seed);
            string work;
            using (var tree = fixture.Spawner.Spawn(plan))
            {
                work = tree.WorkDirectory;
                Assert.NotEmpty(Living(work));
            }
            Assert.Empty(Living(work));
        }
    }

    [Fact]
    public void AFailedSpawnLeavesNoProcessAndSaysWhy()
    {
        // More files than the limit of open ones lets a task have.
        using var spawner = new TreeSpawner();
        string place;
        using (var tree = spawner.Spawn(new TreePlan { Tasks = [new TaskPlan()] }))
        {
            place = Path.GetDirectoryName(tree.WorkDirectory)!;
            Assert.NotEmpty(Marked($"{place}/"));
        }
        var plan = new TreePlan { Tasks = [new TaskPlan(), new TaskPlan { Files = [.. Enumerable.Repeat(new FilePlan { Kind = FileKind.Null }, 25_000)] }] };
        var error = Assert.Throws<SpawnException>(() => spawner.Spawn(plan));
        Assert.Contains("Too many open files", error.Message, StringComparison.Ordinal);
        Assert.Empty(Marked($"{place}/"));
    }

    [Fact]
    public void ATreeThatIsEndedCanBeReapedAndItsPidsComeFree()
    {
        using var tree = fixture.Spawner.Spawn(new TreePlan { Root = RootPlace.Host, Tasks = [new TaskPlan(), new TaskPlan(), new TaskPlan { Ending = new EndingPlan() }] });
        var pids = Snapshot.Take(tree.RootPid).Tasks.Select(t => t.Pid).ToArray();
        tree.KillTree();
        SpinWait.SpinUntil(() => { tree.Reap(); return pids.All(p => !ProcText.Exists(p)); }, 60_000);
        Assert.All(pids, p => Assert.False(ProcText.Exists(p)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void ChainsAndFansOfManyTasksStand(int style)
    {
        const int Count = 300;
        var tasks = Enumerable.Range(0, Count).Select(i => new TaskPlan { Parent = style == 0 ? Math.Max(0, i - 1) : 0, Comm = $"t{i}" });
        using var tree = fixture.Spawner.Spawn(new TreePlan { Tasks = [.. tasks] });
        var snapshot = Snapshot.Take(tree.RootPid, new SnapshotOptions { Pages = false });
        Assert.Equal(Count, snapshot.Tasks.Count);
        Expectations.Compare(tree, snapshot);
    }

    private static List<int> Living(string work) => Marked($"{work}\0");

    /// <summary>Processes with the mark of a tree in their environment that begins so: other test runs have trees, too.</summary>
    private static List<int> Marked(string start)
        => [.. ProcTree.All().Where(pid => ProcText.Read($"/proc/{pid}/environ")?.Contains($"CR_TREE={start}", StringComparison.Ordinal) == true)];
}
