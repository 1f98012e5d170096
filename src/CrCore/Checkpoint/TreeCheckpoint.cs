using System.Diagnostics;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;

namespace CrCore.Checkpoint;

/// <summary>Checkpoints a process tree: preflight, freeze, capture, write, commit, release.</summary>
public sealed class TreeCheckpoint(CheckpointOptions options, ICrLog? log = null, IProgress<CrProgress>? progress = null)
{
    private const string Activity = "Checkpoint";

    /// <summary>Walks the tree and names every obstacle; touches nothing.</summary>
    /// <exception cref="CrArgumentException">The pid is not a process, is this process or one of its ancestors.</exception>
    public CheckpointPreview Preview(int pid, CancellationToken cancel = default)
    {
        using var proc = new ProcReader();
        CheckpointPreflight.CheckTarget(proc, pid);
        var tasks = TreeWalk.Walk(proc, pid);
        cancel.ThrowIfCancellationRequested();
        var obstacles = tasks.Count == 0 ? [] : CheckpointPreflight.Inspect(proc, tasks, options);
        var summaries = new TaskSummary[tasks.Count];
        for (var i = 0; i < summaries.Length; i++)
            summaries[i] = Summary(tasks[i]);
        return new CheckpointPreview(summaries, obstacles);
    }

    /// <summary>Freezes the tree, writes the image under <paramref name="path"/>, and lets the tree run on or ends it.</summary>
    /// <exception cref="CrException">Nothing changed: the tree runs on and no image stands under the path.</exception>
    /// <exception cref="OperationCanceledException">As above.</exception>
    public CheckpointResult Run(int pid, string path, CancellationToken cancel = default)
        => TracerThread.Run("CrModule checkpoint", () => RunTraced(pid, path, cancel));

    private CheckpointResult RunTraced(int pid, string path, CancellationToken cancel)
    {
        var started = Stopwatch.GetTimestamp();
        using var proc = new ProcReader();
        CheckpointPreflight.CheckTarget(proc, pid);
        Step("Looking for obstacles");
        var obstacles = CheckpointPreflight.Inspect(proc, Walk(proc, pid), options);
        obstacles.ThrowIfAny("CrCheckpointObstacles");

        using var file = AtomicImageFile.Create(path, options.Overwrite);
        using var writer = new ImageWriter(file.Stream, leaveOpen: true);
        using var freezer = new TreeFreezer(proc);
        Step("Freezing the tree");
        var walk = freezer.Freeze(pid, options.FreezeTimeout, cancel);
        // Again, now that nothing moves: what came into being since the first look must not slip through.
        obstacles = CheckpointPreflight.Inspect(proc, walk, options);
        obstacles.ThrowIfAny("CrCheckpointObstacles");

        var tasks = TreeFacts.Read(walk, freezer, proc);
        var context = new CaptureContext { Options = options, Tasks = tasks, Proc = proc, Shared = new SharedObjects() };
        Capture(context, freezer, writer, cancel);
        var pages = new PageWriter(context, writer, (done, total) => progress?.Report(new(Activity, "Writing pages", done, total))).WriteAll(cancel);
        var since = freezer.FrozenSince;
        // A tree that is to run on need not wait for the disk; one that is to end must stand still until the image is safe.
        if (!options.Stop)
            freezer.Thaw();
        var frozen = Stopwatch.GetElapsedTime(since);
        Step("Completing the image");
        writer.Finish();
        cancel.ThrowIfCancellationRequested();
        file.Commit();
        if (options.Stop)
        {
            TreeEnd.Kill(freezer, tasks);
            frozen = Stopwatch.GetElapsedTime(since);
            freezer.Thaw();
        }
        log?.Verbose($"{tasks.Count} tasks, {writer.Length} bytes, frozen for {frozen.TotalMilliseconds:0.0} ms.");
        return new CheckpointResult
        {
            Path = file.Path,
            RootPid = pid,
            RootComm = tasks[0].Comm,
            Length = writer.Length,
            TaskCount = tasks.Count,
            ThreadCount = tasks.Sum(t => t.Threads.Count),
            Duration = Stopwatch.GetElapsedTime(started),
            Frozen = frozen,
            PagesScanned = pages.Scanned,
            PagesStored = pages.Stored,
            Stopped = options.Stop,
            Warnings = [.. obstacles, .. context.Warnings],
        };
    }

    private void Capture(CaptureContext context, TreeFreezer freezer, ImageWriter writer, CancellationToken cancel)
    {
        TreeFacts.WriteHead(writer, context.Tasks, context.Proc, DateTimeOffset.UtcNow);
        var capture = new TaskCapture(context, freezer, writer);
        for (var i = 0; i < context.Tasks.Count; i++)
        {
            cancel.ThrowIfCancellationRequested();
            progress?.Report(new(Activity, "Capturing tasks", i, context.Tasks.Count));
            capture.Capture(context.Tasks[i]);
        }
        writer.SealMetadata();
    }

    private static List<LiveTask> Walk(ProcReader proc, int pid)
    {
        var tasks = TreeWalk.Walk(proc, pid);
        return tasks.Count > 0 ? tasks : throw new CrTargetException("CrRootEnded", $"Process {pid} ended before it could be frozen.") { Pid = pid };
    }

    private void Step(string step)
    {
        CrEventSource.Log.Step(step);
        log?.Verbose(step + ".");
        progress?.Report(new(Activity, step, 0, 0));
    }

    private static TaskSummary Summary(LiveTask t)
        => new(t.Pid, t.VPid, t.Stat.ParentPid, t.Comm, (char)t.Stat.State, Math.Max(1, t.Tids.Count), t.Stat.ResidentPages * Environment.SystemPageSize);
}
