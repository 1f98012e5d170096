using System.Diagnostics;
using System.Globalization;
using CrHarness.Kernel;
using CrHarness.Oracle;
using CrHarness.Plans;

namespace CrHarness.Spawning;

/// <summary>
/// Asks the tasks of a tree to check themselves from the inside: memory against its seeds, pipes, files, threads, masks,
/// timers, credentials, what wait(2) tells of zombies. A question is a file with a round number; the control signal says
/// that there is one; each task answers with a file of its own.
/// </summary>
public sealed class SelfCheck(SpawnedTree tree)
{
    private int _round;

    /// <summary>How long an answer may take before the task counts as dumb.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>What every running task finds wrong with itself, looking only. Stopped tasks are left stopped and not asked.</summary>
    public IReadOnlyList<string> Look() => Ask("check", "", Running());

    /// <summary>
    /// The whole examination: looks, continues stopped tasks and has them look, then uses things up: pending signals are taken
    /// and compared, shared memory and pipes carry marks from task to task, zombies are reaped. For the end of a tree's life.
    /// </summary>
    public IReadOnlyList<string> Examine()
    {
        var problems = new List<string>(Look());
        var all = Living();
        var stopped = all.Where(i => tree.Plan.Tasks[i].Stopped).ToArray();
        if (stopped.Length > 0)
        {
            Continue(stopped, problems);
            problems.AddRange(Ask("check", "continued", stopped));
        }
        var holdings = Holdings(all);
        var maps = holdings.Where(h => h.Role == "map").ToLookup(h => h.Label, h => h.Task);
        if (maps.Count > 0)
        {
            problems.AddRange(Ask("mark", "", all));
            problems.AddRange(Ask("marks", string.Join(' ', maps.Select(m => $"{m.Key}:{string.Join(',', m)}")), all));
        }
        AskPipes(holdings, problems);
        // What is there once is taken by one of those who have it; contexts of asynchronous I/O by the tasks that made them.
        var handles = holdings.Where(h => h.Role == "handle").GroupBy(h => h.Label).Select(g => $"{g.Key}:{g.Min(h => h.Task)}");
        problems.AddRange(Ask("use", string.Join(' ', handles), all));
        problems.AddRange(Ask("signals", "", all));
        problems.AddRange(Ask("reap", "", all));
        return problems;
    }

    /// <summary>The first holder of each read end empties the pipe; then the last holder of the write end sends it a token.</summary>
    private void AskPipes(List<(int Task, string Role, string Label)> holdings, List<string> problems)
    {
        var readers = holdings.Where(h => h.Role == "read").GroupBy(h => h.Label).ToDictionary(g => g.Key, g => g.Min(h => h.Task));
        if (readers.Count == 0)
            return;
        var writers = holdings.Where(h => h.Role == "write" && readers.ContainsKey(h.Label)).GroupBy(h => h.Label).ToDictionary(g => g.Key, g => g.Max(h => h.Task));
        problems.AddRange(Ask("drain", string.Join(' ', readers.Select(r => $"{r.Key}:{r.Value}")), readers.Values.Distinct()));
        if (writers.Count == 0)
            return;
        problems.AddRange(Ask("put", string.Join(' ', writers.Select(w => $"{w.Key}:{w.Value}")), writers.Values.Distinct()));
        problems.AddRange(Ask("take", string.Join(' ', writers.Select(w => $"{w.Key}:{readers[w.Key]}:{w.Value}")),
            writers.Keys.Select(label => readers[label]).Distinct()));
    }

    private int[] Living() => [.. tree.Shape.Select(s => s.Index).Where(i => tree.Plan.Tasks[i].Ending is null)];

    private IEnumerable<int> Running() => Living().Where(i => !tree.Plan.Tasks[i].Stopped);

    private List<(int Task, string Role, string Label)> Holdings(int[] tasks)
        => [.. tasks.SelectMany(task => tree.Told(task).Select(words => (task, words[0], words[1])))];

    private void Continue(int[] tasks, List<string> problems)
    {
        const int SigCont = 18;
        var pids = HostPids();
        foreach (var task in tasks)
            if (!pids.TryGetValue(tree.VPids[task], out var pid))
                problems.Add($"task {tree.VPids[task]}: is not there");
            else if (ProcStat.TryRead($"/proc/{pid}/stat") is not { State: 'T' } stat)
                problems.Add($"task {tree.VPids[task]}: is not stopped");
            else
                _ = Native.kill(pid, SigCont);
    }

    private Dictionary<int, int> HostPids()
    {
        var pids = new Dictionary<int, int>();
        foreach (var pid in ProcTree.Walk(tree.RootPid))
            if (ProcStatus.TryRead($"/proc/{pid}/status") is { } status)
                pids[status.VPid] = pid;
        return pids;
    }

    private List<string> Ask(string verb, string words, IEnumerable<int> tasks)
    {
        var round = ++_round;
        var question = Path.Combine(tree.WorkDirectory, "round");
        File.WriteAllText(question + ".new", $"{round} {verb} {words}");
        File.SetUnixFileMode(question + ".new", (UnixFileMode)0x1a4);
        File.Move(question + ".new", question, overwrite: true);

        var problems = new List<string>();
        var open = tasks.ToDictionary(i => i, i => Path.Combine(tree.WorkDirectory, "verdicts", $"{round}-{i}"));
        var pids = HostPids();
        foreach (var missing in open.Keys.Where(i => !pids.ContainsKey(tree.VPids[i])).ToArray())
        {
            problems.Add($"task {tree.VPids[missing]}: is not there");
            open.Remove(missing);
        }
        var watch = Stopwatch.StartNew();
        for (var next = TimeSpan.Zero; open.Count > 0 && watch.Elapsed < Patience;)
        {
            // A signal that comes just before the wait begins is lost on it: so ask again until the answer is there.
            if (watch.Elapsed >= next)
            {
                foreach (var task in open.Keys)
                    _ = Native.syscall(Native.Tgkill, pids[tree.VPids[task]], pids[tree.VPids[task]], SignalSets.Control, 0, 0); // to the main thread alone
                next = watch.Elapsed + TimeSpan.FromMilliseconds(100);
            }
            Thread.Sleep(1);
            foreach (var (task, file) in open.ToArray())
                if (File.Exists(file))
                {
                    foreach (var line in File.ReadAllLines(file))
                        problems.Add($"task {tree.VPids[task]}: {line}");
                    open.Remove(task);
                }
        }
        foreach (var task in open.Keys)
            problems.Add($"task {tree.VPids[task]}: does not answer ({verb})");
        return problems;
    }
}
