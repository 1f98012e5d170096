using System.Diagnostics;
using System.Globalization;
using CrHarness.Oracle;
using CrHarness.Plans;

namespace CrHarness.Spawning;

/// <summary>A live tree made from a plan. Disposing ends every process of it, and the launcher with it.</summary>
public sealed class SpawnedTree : IDisposable
{
    private readonly Process _launcher;
    private readonly Task<string> _errors;
    private readonly List<int> _roots = [];
    private int[] _pids = [];
    private bool _disposed;

    internal SpawnedTree(TreePlan plan, IReadOnlyList<TaskShape> shape, string work, Process launcher)
    {
        (Plan, Shape, WorkDirectory, _launcher) = (plan, shape, work, launcher);
        _errors = launcher.StandardError.ReadToEndAsync();
    }

    /// <summary>The plan as it was spawned: normalized.</summary>
    public TreePlan Plan { get; }

    /// <summary>What follows for each task from the plan.</summary>
    public IReadOnlyList<TaskShape> Shape { get; }

    /// <summary>Where the tree's files are; an image may be put beside them.</summary>
    public string WorkDirectory { get; }

    /// <summary>The root's pid as this process sees it. After a restore: see <see cref="Adopt"/>.</summary>
    public int RootPid { get; private set; }

    /// <summary>Pids by task index, in the tree's own pid namespace.</summary>
    public IReadOnlyList<int> VPids => _pids;

    /// <summary>Pids, in the tree's own namespace, of tasks that are never at rest.</summary>
    public IReadOnlySet<int> Restless => Shape.Where(s => Plan.Tasks[s.Index].Threads.Any(t => t.Busy)).Select(s => _pids[s.Index]).ToHashSet();

    /// <summary>Where the kernel writes into the tree's memory by itself.</summary>
    public IReadOnlyList<VolatileRange> Volatile
        => [.. Shape.SelectMany(s => Told(s.Index).Where(w => w[0] == "rseq").Select(w => new VolatileRange(_pids[s.Index], ulong.Parse(w[1], CultureInfo.InvariantCulture), 32)))];

    /// <summary>How to look at this tree.</summary>
    public SnapshotOptions Looking => new() { Restless = Restless, Volatile = Volatile };

    /// <summary>What a task told of itself when it stood, in lines of two words.</summary>
    internal IEnumerable<string[]> Told(int task)
        => Path.Combine(WorkDirectory, "tasks", task.ToString(CultureInfo.InvariantCulture)) is var file && File.Exists(file)
            ? File.ReadAllLines(file).Select(line => line.Split(' ')) : [];

    internal void AwaitReady(TimeSpan patience)
    {
        var line = ReadLine(patience);
        if (line is null || !line.StartsWith("ready ", StringComparison.Ordinal))
            throw new SpawnException($"The tree did not come to stand ({line ?? "the launcher ended or went silent"}): {Failure()}");
        RootPid = int.Parse(line.AsSpan(6), CultureInfo.InvariantCulture);
        _roots.Add(RootPid);
        _pids = [.. File.ReadAllText(Path.Combine(WorkDirectory, "pids")).Split(' ').Select(w => int.Parse(w, CultureInfo.InvariantCulture))];
        Quiet.Await(RootPid, Restless, patience);
    }

    /// <summary>The tree came back with another root: checks go to it, and disposing ends it, too.</summary>
    public void Adopt(int rootPid)
    {
        RootPid = rootPid;
        _roots.Add(rootPid);
    }

    /// <summary>Has the launcher collect what died, so that the pids of a tree that was ended come free.</summary>
    public void Reap()
    {
        _launcher.StandardInput.Write("reap\n");
        _launcher.StandardInput.Flush();
        if (ReadLine(TimeSpan.FromMinutes(1)) != "reaped")
            throw new SpawnException("The launcher does not answer.");
    }

    /// <summary>Ends the tree where it stands; the launcher stays.</summary>
    public void KillTree() => TreeKiller.Kill(RootPid, IsOurs, takeNamespace: Plan.Root == RootPlace.NamespaceInit);

    private string? ReadLine(TimeSpan patience)
    {
        var line = _launcher.StandardOutput.ReadLineAsync();
        return line.Wait(patience) ? line.Result : null;
    }

    private string Failure()
    {
        var file = Path.Combine(WorkDirectory, "errors");
        var told = File.Exists(file) ? File.ReadAllText(file) : "";
        return told + (_launcher.HasExited && _errors.Wait(1000) ? _errors.Result : "");
    }

    /// <summary>Ends every process of the tree and removes its files.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        foreach (var root in _roots)
            TreeKiller.Kill(root, IsOurs);
        try
        {
            // The end of its input tells the launcher to end what is left and itself.
            _launcher.StandardInput.Close();
            if (!_launcher.WaitForExit(20_000))
                _launcher.Kill();
        }
        catch (IOException)
        {
            // It is gone already.
        }
        _launcher.Dispose();
    }

    /// <summary>Whether a process belongs to the tree: restored or not, it has the work directory in its environment.</summary>
    internal bool IsOurs(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/environ").Contains("CR_TREE=" + WorkDirectory + '\0', StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
