using System.Diagnostics;
using CrHarness.Kernel;
using CrHarness.Oracle;
using CrHarness.Spawning;

namespace CrHarness.RoundTrips;

/// <summary>What came of a round trip of a tree that somebody else made.</summary>
/// <param name="Differences">What the oracle saw differ.</param>
/// <param name="FailedStep">The step that failed, or null.</param>
/// <param name="Error">What the step failed with, or null.</param>
/// <param name="RootPid">The root, as this process sees it; 0 when the tree is gone: its image is what is left of it.</param>
public sealed record StagedRoundTripResult(IReadOnlyList<string> Differences, string? FailedStep, Exception? Error, int RootPid)
{
    /// <summary>Whether nothing differed and nothing failed.</summary>
    public bool Passed => Differences.Count == 0 && Error is null;
}

/// <summary>
/// Checkpoint, end, restore and compare of a process tree of the user's own. It is stopped (SIGSTOP) before the first look,
/// so that both looks see it at the same point, and goes on (SIGCONT) after the second one.
/// </summary>
public static class StagedRoundTrip
{
    private const int SigCont = 18, SigStop = 19;

    /// <param name="root">The root, as this process sees it.</param>
    /// <param name="imagePath">Where the image goes; it is left there.</param>
    /// <param name="patience">How long the tree may take to stop.</param>
    public static StagedRoundTripResult Run(int root, string imagePath, ICheckpointEngine engine, TimeSpan patience)
    {
        var stopped = new HashSet<int>();
        var step = "stopping the tree";
        try
        {
            Stop(root, stopped, patience);
            step = "checkpoint of the stopped tree";
            engine.Checkpoint(root, imagePath, stop: false);
            var looking = new SnapshotOptions { Volatile = engine.Volatile(imagePath) };
            step = "first snapshot";
            var before = Snapshot.Take(root, looking);
            step = "checkpoint";
            engine.Checkpoint(root, imagePath, stop: true);
            step = "restore";
            var now = root;
            root = 0;
            root = engine.Restore(imagePath, newPidNamespace: false);
            step = "second snapshot";
            Debug.Assert(now == root, "a tree that is restored in place has its old pids");
            Quiet.Await(root, new HashSet<int>(), patience);
            var after = Snapshot.Take(root, looking);
            return new([.. Snapshot.Diff(before, after)], null, null, root);
        }
        catch (Exception e)
        {
            // Whatever an engine throws is a result to report.
            return new([], step, e, root);
        }
        finally
        {
            // In place: the pids that were stopped are those of the restored tasks.
            if (root != 0)
                Continue(stopped, patience);
        }
    }

    /// <summary>Lets the tasks go on, and sees that they do: a stop that was still on its way would come after it.</summary>
    private static void Continue(HashSet<int> stopped, TimeSpan patience)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var held = stopped.Where(p => ProcStat.TryRead($"/proc/{p}/stat") is { State: 'T' or 't' }).ToList();
            if (held.Count == 0 || watch.Elapsed > patience)
                return;
            foreach (var pid in held)
                _ = Native.kill(pid, SigCont);
            Thread.Sleep(2);
        }
    }

    /// <summary>Stops all tasks that are not stopped, again and again until a walk finds nothing that runs.</summary>
    private static void Stop(int root, HashSet<int> stopped, TimeSpan patience)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var running = ProcTree.Walk(root).Where(p => ProcStat.TryRead($"/proc/{p}/stat") is { State: not ('T' or 'Z' or 'X') }).ToList();
            if (running.Count == 0)
            {
                Quiet.Await(root, new HashSet<int>(), patience);
                if (ProcTree.Walk(root).TrueForAll(p => ProcStat.TryRead($"/proc/{p}/stat") is null or { State: 'T' or 'Z' or 'X' }))
                    return;
                continue;
            }
            if (watch.Elapsed > patience)
                throw new SpawnException($"{running.Count} tasks did not stop within {patience.TotalSeconds:0} s, the first is {running[0]}.");
            foreach (var pid in running)
                if (stopped.Add(pid))
                    _ = Native.kill(pid, SigStop);
            Thread.Sleep(2);
        }
    }
}
