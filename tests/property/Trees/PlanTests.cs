using CrHarness.Generation;
using CrHarness.Plans;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Xunit;

namespace CrProperty.Trees;

/// <summary>Random plans for FsCheck: generated from a seed, shrunk by the harness's own shrinker.</summary>
public static class PlanArbitrary
{
    public static Arbitrary<TreePlan> Plans()
    {
        var generator = new TreeGenerator();
        var plans = ArbMap.Default.GeneratorFor<ulong>().Select(generator.Generate);
        return Arb.From(plans, PlanShrinker.Shrink);
    }
}

/// <summary>Plans as data: valid whatever is cut out of them, the same for the same seed, the same after JSON.</summary>
[Properties(Arbitrary = [typeof(PlanArbitrary)], MaxTest = 100)]
public sealed class PlanTests
{
    [Property]
    public void JsonGivesThePlanBack(TreePlan plan)
        => Assert.Equal(PlanJson.Write(plan), PlanJson.Write(PlanJson.Read(PlanJson.Write(plan, indented: true))));

    [Property]
    public void NormalizingTwiceChangesNothing(TreePlan plan)
        => Assert.Equal(PlanJson.Write(plan), PlanJson.Write(PlanNormalizer.Normalize(plan)));

    [Property]
    public void TheSameSeedGivesTheSamePlan(ulong seed)
        => Assert.Equal(PlanJson.Write(new TreeGenerator().Generate(seed)), PlanJson.Write(new TreeGenerator().Generate(seed)));

    [Property(MaxTest = 20)]
    public void EveryShrunkPlanIsValidAndDifferent(TreePlan plan)
    {
        var before = PlanJson.Write(plan);
        foreach (var simpler in PlanShrinker.Shrink(plan))
        {
            Assert.NotEqual(before, PlanJson.Write(simpler));
            AssertValid(simpler);
        }
    }

    [Property(MaxTest = 30)]
    public void AnyNumbersAndAnyCutsGiveAValidPlan(TreePlan plan, int[] noise)
    {
        // Choices out of every range, and tasks missing from the middle.
        var tasks = plan.Tasks.Where((_, i) => noise.Length == 0 || noise[i % noise.Length] % 3 != 0)
            .Select((t, i) => t with { Parent = noise.ElementAtOrDefault(i), Group = noise.ElementAtOrDefault(i + 1) });
        AssertValid(PlanNormalizer.Normalize(plan with { Tasks = [.. tasks] }));
    }

    [Fact]
    public void SocketsOfEveryKindAreGenerated()
    {
        SocketPlan[] sockets = [.. Enumerable.Range(1, 200).SelectMany(seed => new TreeGenerator().Generate((ulong)seed).Tasks.SelectMany(t => t.Sockets))];
        Assert.All(Enum.GetValues<SocketKind>(), kind => Assert.Contains(sockets, s => s.Kind == kind && s.Bytes > 0));
        Assert.Contains(sockets, s => s.Carries);
        Assert.Contains(sockets, s => s.Named);
    }

    [Fact]
    public void ObjectsOfEveryKindAreGenerated()
    {
        TaskPlan[] tasks = [.. Enumerable.Range(1, 300).SelectMany(seed => new TreeGenerator { Contained = true }.Generate((ulong)seed).Tasks)];
        Assert.All(Enum.GetValues<HandleKind>(), kind => Assert.Contains(tasks, t => t.Handles.Any(h => h.Kind == kind)));
        Assert.All(Enum.GetValues<EndpointKind>(), kind => Assert.Contains(tasks, t => t.Endpoints.Any(e => e.Kind == kind && e.Options != 0)));
        Assert.All(Enum.GetValues<IpcKind>(), kind => Assert.Contains(tasks, t => t.Ipc.Any(o => o.Kind == kind)));
        Assert.All(Enum.GetValues<RegionKind>(), kind => Assert.Contains(tasks, t => t.Memory.Any(r => r.Kind == kind)));
        // Those of open file descriptions fall on files that are terminals where there are terminals.
        var others = Enumerable.Range(1, 300).SelectMany(seed => new TreeGenerator { Features = TreeFeatures.All & ~TreeFeatures.Terminals }.Generate((ulong)seed).Tasks).ToArray();
        Assert.All(Enum.GetValues<FileLockKind>(), kind => Assert.Contains(others, t => t.Files.Any(f => f.Lock == kind)));
        Assert.All(Enum.GetValues<TerminalForm>(), form => Assert.Contains(tasks, t => t.Files.Any(f => f.Terminal && (f.Form & form) == form)));
        Assert.Contains(tasks, t => t.Threads.Any(x => x.Uid != 0));
        Assert.Contains(tasks, t => t.Threads.Any(x => x.DropCapabilities != 0));
        Assert.Contains(tasks, t => t.Threads.Any(x => x.Filtered));
    }

    [Fact]
    public void NothingThatOutlivesATreeIsMadeOutsideOfItsNamespace()
    {
        TaskPlan[] tasks = [.. Enumerable.Range(1, 100).SelectMany(seed => new TreeGenerator { Features = TreeFeatures.All & ~TreeFeatures.Containers }.Generate((ulong)seed).Tasks)];
        Assert.All(tasks, t => Assert.Empty(t.Ipc));
        Assert.All(tasks.SelectMany(t => t.Handles).Where(h => h.Kind == HandleKind.Queue), h => Assert.True(h is { Unlinked: true, Count: 0 }));
        Assert.All(tasks.SelectMany(t => t.Memory).Where(r => r.Kind == RegionKind.Segment), r => Assert.True(r.Unlink));
    }

    [Fact]
    public void MinimizingFindsTheOneTaskThatMatters()
    {
        var plan = new TreeGenerator { MaxTasks = 12 }.Generate(7);
        var tasks = plan.Tasks.Add(new TaskPlan { Parent = plan.Tasks.Length - 1, Comm = "needle", Ending = new EndingPlan(42) });
        var small = PlanShrinker.Minimize(plan with { Tasks = tasks }, p => p.Tasks.Any(t => t.Ending?.ExitCode == 42), budget: 10_000);
        Assert.Equal(2, small.Tasks.Length);
        Assert.Equal(PlanJson.Write(new TreePlan { Tasks = [new TaskPlan(), new TaskPlan { Ending = new EndingPlan(42) }] }), PlanJson.Write(small));
    }

    /// <summary>The rules that the runner relies on.</summary>
    private static void AssertValid(TreePlan plan)
    {
        Assert.Equal(PlanJson.Write(plan), PlanJson.Write(PlanNormalizer.Normalize(plan)));
        Assert.NotEmpty(plan.Tasks);
        var shapes = TreeShape.Of(plan);
        for (var i = 0; i < plan.Tasks.Length; i++)
        {
            var (task, shape) = (plan.Tasks[i], shapes[i]);
            Assert.True(i == 0 ? shape.Parent == -1 : shape.Parent >= 0 && shape.Parent < i, "a parent comes before its child");
            Assert.True(i == 0 || plan.Tasks[shape.Parent].Ending is null, "a zombie has no children");
            if (shape.Joins >= 0)
            {
                Assert.Equal(shape.Session, shapes[shape.Joins].Session);
                Assert.Equal(shape.Joins, shapes[shape.Joins].GroupKey);
                Assert.False(i == 0 && plan.Root == RootPlace.NamespaceInit, "an init in another's group never ends");
            }
            Assert.InRange(TreeShape.CommBytes(task.Comm).Length, 0, 15);
            Assert.All(task.Pending, p => Assert.True(SignalSets.Has(task.Blocked, p.Signal) && task.Threads.All(t => SignalSets.Has(t.Blocked, p.Signal))));
            Assert.False(SignalSets.Has(task.Blocked, SignalSets.Control));
        }
    }
}
