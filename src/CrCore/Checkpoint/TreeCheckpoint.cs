using System.Diagnostics;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Protection;
using CrCore.Objects;
using CrCore.Objects.Files;
using CrCore.Remote;

namespace CrCore.Checkpoint;

/// <summary>Checkpoints a process tree: preflight, freeze, capture, write, commit, release.</summary>
public sealed class TreeCheckpoint(CheckpointOptions options, ICrLog? log = null, IProgress<CrProgress>? progress = null)
{
    private const string Activity = "Checkpoint";

    private const int Looks = 3;

    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(5), LongestPause = TimeSpan.FromMilliseconds(100), PreviewPatience = TimeSpan.FromSeconds(1);

    /// <summary>Walks the tree and names every obstacle; touches nothing.</summary>
    /// <exception cref="CrArgumentException">The pid is not a process, is this process or one of its ancestors.</exception>
    public CheckpointPreview Preview(int pid, CancellationToken cancel = default)
    {
        using var proc = new ProcReader();
        CheckpointPreflight.CheckTarget(proc, pid);
        cancel.ThrowIfCancellationRequested();
        var (_, _, tasks, obstacles) = LookWhileItRuns(pid, DescriptorLook.FromOutside, Stopwatch.GetTimestamp(), cancel);
        var summaries = new TaskSummary[tasks.Count];
        for (var i = 0; i < summaries.Length; i++)
            summaries[i] = Summary(tasks[i]);
        return new CheckpointPreview(summaries, obstacles);
    }

    /// <summary>Freezes the tree, writes the image under <paramref name="path"/>, and lets the tree run on or ends it.</summary>
    /// <exception cref="CrException">
    /// Nothing changed: the tree runs on and no image stands under the path. But for CrEndFailed, the one error that comes after the
    /// image is complete: it stands, and the tree, which was to be ended, runs on.
    /// </exception>
    /// <exception cref="OperationCanceledException">Nothing changed.</exception>
    public CheckpointResult Run(int pid, string path, CancellationToken cancel = default)
        => TracerThread.Run("checkpoint", () => RunTraced(pid, path, cancel));

    /// <summary>
    /// As <see cref="Run"/>, without a thread of its own: on the calling one, which must have been made for this and end with it. Its end
    /// is what lets the tree go on should all else fail.
    /// </summary>
    /// <exception cref="CrException">As those of <see cref="Run"/>.</exception>
    /// <exception cref="OperationCanceledException">Nothing changed.</exception>
    public CheckpointResult RunHere(int pid, string path, CancellationToken cancel = default)
        => TracerThread.RunHere("checkpoint", () => RunTraced(pid, path, cancel));

    private CheckpointResult RunTraced(int pid, string path, CancellationToken cancel)
    {
        var started = Stopwatch.GetTimestamp();
        return RunTraced(pid, path, started, foresees: true, stood: TimeSpan.Zero, out var stood, cancel)
            ?? RunTraced(pid, path, started, foresees: false, stood, out _, cancel)!;
    }

    /// <param name="foresees">See <see cref="Foresight"/>.</param>
    /// <param name="stood">How long the tree stood still before, for the same checkpoint.</param>
    /// <param name="frozen">The same with this attempt.</param>
    /// <returns>null where foresight was wrong; the tree runs on, and nothing was written.</returns>
    private CheckpointResult? RunTraced(int pid, string path, long started, bool foresees, TimeSpan stood, out TimeSpan frozen, CancellationToken cancel)
    {
        var clock = new PhaseClock();
        clock.Start("Preflight");
        using var proc = new ProcReader();
        CheckpointPreflight.CheckTarget(proc, pid);
        Step("Looking for obstacles");
        var (facts, known, walk, obstacles) = LookWhileItRuns(pid, DescriptorLook.Glimpse, started, cancel);
        obstacles.ThrowIfAny("CrCheckpointObstacles");

        using var file = ImageDestination.Open(path, options.Overwrite, cancel);
        // A passphrase takes its time here, where the tree still runs.
        using var encrypting = options.Key is { } key ? new EncryptingStream(file.Stream, key) : null;
        using var writer = new ImageWriter(encrypting ?? file.Stream, leaveOpen: true);
        using var freezer = new TreeFreezer(proc, facts);
        using var copies = new MemoryCopies(options);
        var foresight = new Foresight();
        if (foresees && file.CanBeginAgain)
            foresight.Look(proc, walk, copies);
        Step("Freezing the tree");
        clock.Start("Freeze");
        walk = freezer.Freeze(pid, walk, options.FreezeTimeout, cancel);
        clock.Start("Inspect");
        // Again, now that nothing moves: what came into being since the first look must not slip through.
        (walk, obstacles, var learned, var reader) = LookWhileItStands(pid, walk, freezer, facts, known, started, cancel);
        using var states = learned;
        using var ahead = reader;
        states.Get(() => foresight);

        clock.Start("Capture");
        // From here on nothing is read twice: the tree stands still until it is let go.
        using var still = new ProcReader(facts);
        var tasks = TreeFacts.Read(walk, freezer, still);
        using var context = new CaptureContext { Options = options, Tasks = tasks, Proc = still, Shared = new SharedObjects(), States = states };
        Capture(context, freezer, copies, writer, cancel);
        ahead.Dispose();
        clock.Start("Pages");
        using var pageWriter = new PageWriter(context, copies, writer, (done, total) => progress?.Report(new(Activity, "Writing pages", done, total)));
        pageWriter.WriteStill(cancel);
        var since = freezer.FrozenSince;
        // A tree that is to run on waits neither for its copies to be written nor for the disk; one that is to end must
        // stand still until the image is safe.
        if (!options.Stop)
        {
            context.End(CheckpointEnd.RunsOn);
            // What kinds still hold of the tree would be seen by it: an end of a pipe, for one.
            states.Dispose();
            freezer.Thaw();
        }
        frozen = stood + Stopwatch.GetElapsedTime(since);
        var copied = copies.Count;
        if (copied > 0)
            clock.Start("Copies");
        if (!foresight.IsBorneOutBy(proc, copies))
        {
            Step("Looking at memory once more, while the tree stands still");
            return null;
        }
        var pages = pageWriter.WriteCopied(cancel);
        var copyBytes = copies.MeasureBytes();
        copies.Dispose();
        Step("Completing the image");
        clock.Start("Complete");
        writer.WriteRecord(new FiguresRecord(frozen, pages, [.. clock.Phases]));
        writer.Finish();
        encrypting?.Complete();
        cancel.ThrowIfCancellationRequested();
        var length = file.Length;
        clock.Start("Commit");
        file.Commit();
        clock.Start("End");
        if (options.Stop)
        {
            TreeEnd.Kill(freezer, tasks);
            context.End(CheckpointEnd.Ended);
            frozen = stood + Stopwatch.GetElapsedTime(since);
            freezer.Thaw();
        }
        clock.Stop();
        log?.Verbose($"{tasks.Count} tasks, {length} bytes, frozen for {frozen.TotalMilliseconds:0.0} ms.");
        return new CheckpointResult
        {
            Path = file.Path,
            RootPid = pid,
            RootComm = tasks[0].Comm,
            Length = length,
            TaskCount = tasks.Count,
            ThreadCount = tasks.Sum(t => t.Threads.Count),
            Duration = Stopwatch.GetElapsedTime(started),
            Frozen = frozen,
            Pages = pages,
            CopiedTasks = copied,
            CopyBytes = copyBytes,
            Phases = clock.Phases,
            Stopped = options.Stop,
            Warnings = [.. obstacles, .. context.Warnings],
        };
    }

    private void Capture(CaptureContext context, TreeFreezer freezer, MemoryCopies copies, ImageWriter writer, CancellationToken cancel)
    {
        TreeFacts.WriteHead(writer, context.Tasks, context.Proc, DateTimeOffset.UtcNow, options.Compression.RequiredFeature);
        var capture = new TaskCapture(context, freezer, copies, writer);
        for (var i = 0; i < context.Tasks.Count; i++)
        {
            cancel.ThrowIfCancellationRequested();
            progress?.Report(new(Activity, "Capturing tasks", i, context.Tasks.Count));
            capture.Capture(context.Tasks[i]);
        }
        writer.SealMetadata();
    }

    /// <summary>
    /// A tree that runs may be met in the middle of things, such as a pipe whose other end a new task has already and which
    /// its parent is about to close: only what each of several looks finds stands in the way.
    /// </summary>
    /// <param name="closely">Glimpse where the frozen tree is looked at again: nothing needs to be seen so closely before, and
    /// what programs pass through is waited for as long.</param>
    private (ProcFacts Facts, KnownDescriptors Descriptors, List<LiveTask> Walk, List<Obstacle> Obstacles) LookWhileItRuns(int pid, DescriptorLook closely, long started, CancellationToken cancel)
    {
        var isGlimpse = closely == DescriptorLook.Glimpse;
        List<Obstacle>? seen = null;
        var pause = BetweenLooks;
        for (var look = 1; ; look++)
        {
            var facts = new ProcFacts();
            var walk = Walk(facts, pid);
            using var states = new KindStates();
            var descriptors = states.Get(() => new KnownDescriptors(closely) { Root = pid });
            using var ahead = new FactReader(facts, states, walk, capture: false, isGlimpse);
            var found = CheckpointPreflight.Inspect(facts, states, walk, options, frozen: false, isGlimpse);
            if (seen is not null)
                found.RemoveAll(o => o.Severity == ObstacleSeverity.Error && !seen.Exists(s => (s.Id, s.Pid, s.Object) == (o.Id, o.Pid, o.Object)));
            if (!found.HasError() || (look >= Looks && (!found.HasOnlyTransientErrors() || IsOver(started, isGlimpse ? options.FreezeTimeout : PreviewPatience))))
                return (facts, descriptors, walk, found);
            seen = found;
            Pause(ref pause, grows: look >= Looks, cancel);
        }
    }

    /// <summary>
    /// What a program passes through, such as a connection that waits to be accepted, must not be met by chance: the tree is let
    /// go for a moment, and frozen and looked at again, until the time for freezing is over.
    /// </summary>
    /// <returns>Also who reads on what the capture will ask.</returns>
    private (List<LiveTask> Walk, List<Obstacle> Obstacles, KindStates States, FactReader Ahead) LookWhileItStands(int pid, List<LiveTask> walk, TreeFreezer freezer, ProcFacts facts, KnownDescriptors before, long started, CancellationToken cancel)
    {
        var pause = BetweenLooks;
        while (true)
        {
            var states = new KindStates();
            states.Get(() => new KnownDescriptors(DescriptorLook.Frozen, before) { Root = pid });
            var ahead = new FactReader(facts, states, walk, capture: true, glimpse: false, smaps: options.Stop);
            try
            {
                var found = CheckpointPreflight.Inspect(facts, states, walk, options, frozen: true);
                if (!found.HasOnlyTransientErrors() || IsOver(started, options.FreezeTimeout))
                {
                    found.ThrowIfAny("CrCheckpointObstacles");
                    return (walk, found, states, ahead);
                }
            }
            catch
            {
                ahead.Dispose();
                states.Dispose();
                throw;
            }
            ahead.Dispose();
            states.Dispose();
            freezer.Thaw();
            Pause(ref pause, grows: true, cancel);
            walk = freezer.Freeze(pid, [], options.FreezeTimeout, cancel);
        }
    }

    private static bool IsOver(long started, TimeSpan patience) => Stopwatch.GetElapsedTime(started) >= patience;

    private static void Pause(ref TimeSpan pause, bool grows, CancellationToken cancel)
    {
        cancel.WaitHandle.WaitOne(pause);
        cancel.ThrowIfCancellationRequested();
        if (grows && pause < LongestPause)
            pause *= 2;
    }

    private static List<LiveTask> Walk(ProcFacts facts, int pid)
    {
        using var proc = new ProcReader(facts);
        var tasks = TreeWalk.Walk(proc, pid);
        return tasks.Count > 0 ? tasks : throw new CrTargetException("CrRootEnded", $"Process {pid} ended before it could be frozen.") { Pid = pid };
    }

    private void Step(string step)
    {
        CrEventSource.Log.Step(step);
        log?.Verbose(step + ".");
        progress?.Report(new(Activity, step, 0, 0));
    }

    internal static TaskSummary Summary(LiveTask t)
        => new(t.Pid, t.VPid, t.Stat.ParentPid, t.Comm, (char)t.Stat.State, Math.Max(1, t.Tids.Count), t.Stat.ResidentPages * Environment.SystemPageSize);
}
