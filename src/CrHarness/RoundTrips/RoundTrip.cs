using System.Diagnostics;
using CrHarness.Generation;
using CrHarness.Oracle;
using CrHarness.Plans;
using CrHarness.Spawning;

namespace CrHarness.RoundTrips;

/// <summary>How a round trip is made.</summary>
public sealed record RoundTripOptions
{
    /// <summary>Leave the tree running at the checkpoint, see that it is unharmed, and only then end and restore it.</summary>
    public bool LeaveRunning { get; init; }

    /// <summary>Restore into a fresh pid namespace although the tree was spawned in ours. One that was not always is.</summary>
    public bool NewPidNamespace { get; init; }

    /// <summary>How long a tree may take to come to rest, or to be gone.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>What came of a round trip.</summary>
public sealed record RoundTripResult
{
    /// <summary>What was spawned; of a failure that was shrunk, the simplest that fails so.</summary>
    public required TreePlan Plan { get; init; }

    /// <summary>The seed that the plan came from, where one did.</summary>
    public ulong? Seed { get; init; }

    /// <summary>What the oracle saw differ, and what tasks found wrong with themselves.</summary>
    public IReadOnlyList<string> Differences { get; init; } = [];

    /// <summary>The step that failed, or null.</summary>
    public string? FailedStep { get; init; }

    /// <summary>What it failed with.</summary>
    public Exception? Error { get; init; }

    /// <summary>Whether nothing differed and nothing failed.</summary>
    public bool Passed => Differences.Count == 0 && Error is null;

    /// <summary>Everything needed to see the failure again.</summary>
    public override string ToString()
    {
        var text = new System.Text.StringBuilder();
        if (Error is not null)
            text.Append($"{FailedStep} failed: {Error}\n");
        foreach (var difference in Differences.Take(50))
            text.Append("  ").Append(difference).Append('\n');
        if (Differences.Count > 50)
            text.Append($"  and {Differences.Count - 50} more\n");
        if (Seed is { } seed)
            text.Append($"seed {seed}\n");
        return text.Append(PlanJson.Write(Plan)).ToString();
    }
}

/// <summary>Spawn, check, look, checkpoint, restore, look again, compare, check again, clean up.</summary>
public static class RoundTrip
{
    /// <exception cref="OperationCanceledException">It was cancelled before it began.</exception>
    public static RoundTripResult Run(TreePlan plan, ICheckpointEngine engine, TreeSpawner spawner, RoundTripOptions? options = null, CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        options ??= new();
        var result = new RoundTripResult { Plan = PlanNormalizer.Normalize(plan) };
        var step = "spawn";
        try
        {
            using var tree = spawner.Spawn(plan);
            var differences = new List<string>();
            var check = new SelfCheck(tree);
            var image = Path.Combine(tree.WorkDirectory, "image");
            void Compare(string when, Snapshot before, Snapshot after)
                => differences.AddRange(Snapshot.Diff(before, after).Select(d => $"{when}: {d}"));
            void Look(string when) => differences.AddRange(check.Look().Select(p => $"{when}: {p}"));

            step = "self-check before the checkpoint";
            Look("before");
            step = "first snapshot";
            var before = Rest(tree, options);
            step = "checkpoint";
            engine.Checkpoint(tree.RootPid, image, stop: !options.LeaveRunning);
            if (options.LeaveRunning)
            {
                step = "snapshot of the tree left running";
                Compare("left running", before, Rest(tree, options));
                step = "self-check of the tree left running";
                Look("left running");
                step = "ending the tree";
                End(tree);
            }
            step = "waiting for the tree to be gone";
            AwaitGone(before, tree, options);
            step = "restore";
            tree.Adopt(engine.Restore(image, options.NewPidNamespace || tree.Plan.Root != RootPlace.Host));
            step = "second snapshot";
            Compare("restored", before, Rest(tree, options));
            step = "self-check after the restore";
            differences.AddRange(check.Examine().Select(p => "after: " + p));
            return result with { Differences = differences };
        }
        catch (Exception e)
        {
            // Whatever an engine throws is a result to report with its plan, not an end of the run.
            return result with { FailedStep = step, Error = e };
        }
    }

    /// <summary>As <see cref="Run"/>, for a seed; a failure comes back with its plan shrunk.</summary>
    /// <param name="seed">Names the plan.</param>
    /// <param name="generator">Makes it.</param>
    /// <param name="engine">Under test.</param>
    /// <param name="spawner">Where trees are made.</param>
    /// <param name="options">How.</param>
    /// <param name="shrinkBudget">Most round trips spent on shrinking.</param>
    /// <param name="cancel">Looked at between round trips.</param>
    /// <exception cref="OperationCanceledException">It was cancelled; nothing is left running.</exception>
    public static RoundTripResult RunSeed(ulong seed, TreeGenerator generator, ICheckpointEngine engine, TreeSpawner spawner,
        RoundTripOptions? options = null, int shrinkBudget = 60, CancellationToken cancel = default)
        => RunShrinking(generator.Generate(seed), engine, spawner, options, shrinkBudget, cancel) with { Seed = seed };

    /// <summary>As <see cref="RunSeed"/>, for a plan.</summary>
    public static RoundTripResult RunShrinking(TreePlan plan, ICheckpointEngine engine, TreeSpawner spawner,
        RoundTripOptions? options = null, int shrinkBudget = 60, CancellationToken cancel = default)
    {
        var first = Run(plan, engine, spawner, options, cancel);
        if (first.Passed)
            return first;
        var last = first;
        PlanShrinker.Minimize(first.Plan, candidate =>
        {
            var again = Run(candidate, engine, spawner, options, cancel);
            if (again.Passed || again.FailedStep == "spawn" || again.FailedStep != first.FailedStep)
                return false;
            last = again;
            return true;
        }, shrinkBudget);
        return last;
    }

    private static Snapshot Rest(SpawnedTree tree, RoundTripOptions options)
    {
        Quiet.Await(tree.RootPid, tree.Restless, options.Patience);
        return Snapshot.Take(tree.RootPid, tree.Looking);
    }

    private static void End(SpawnedTree tree)
    {
        tree.KillTree();
        tree.Reap();
    }

    /// <summary>All pids of the first snapshot must be free: gone, not zombies.</summary>
    private static void AwaitGone(Snapshot before, SpawnedTree tree, RoundTripOptions options)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            tree.Reap();
            var left = before.Tasks.Where(t => tree.IsOurs(t.Pid) || ProcStat.TryRead($"/proc/{t.Pid}/stat") is { State: 'Z' } stat && stat.Comm == t.Comm).ToArray();
            if (left.Length == 0)
                return;
            if (watch.Elapsed > options.Patience)
                throw new SpawnException($"{left.Length} tasks of the tree are still there, the first is {left[0]}.");
            Thread.Sleep(2);
        }
    }
}
