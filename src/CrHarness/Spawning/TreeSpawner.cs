using System.Diagnostics;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CrHarness.Plans;

namespace CrHarness.Spawning;

/// <summary>
/// Spawns plans for real. Needs python3 and nothing compiled: the runner is a script that forks the tree and drives the C
/// library through ctypes. One spawner may spawn many trees; its directory holds the runner (and its byte code) and a work
/// directory a tree.
/// </summary>
public sealed class TreeSpawner : IDisposable
{
    private readonly string _directory;
    private readonly string _python;
    private int _count;

    /// <param name="python">The interpreter, by name or path; 3.8 or later on x86-64.</param>
    public TreeSpawner(string python = "python3")
    {
        _python = python;
        _directory = Directory.CreateTempSubdirectory("crtree-").FullName;
        // Tasks with other user ids must reach their work directory.
        File.SetUnixFileMode(_directory, Everyone);
        var runner = Directory.CreateDirectory(Path.Combine(_directory, "runner")).FullName;
        var assembly = Assembly.GetExecutingAssembly();
        foreach (var name in assembly.GetManifestResourceNames().Where(n => n.StartsWith("runner/", StringComparison.Ordinal)))
        {
            using var from = assembly.GetManifestResourceStream(name)!;
            using var to = File.Create(Path.Combine(_directory, name));
            from.CopyTo(to);
        }
    }

    /// <summary>How long a tree may take to stand; generous, since it says only when to give up.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(60);

    private static UnixFileMode Everyone => (UnixFileMode)0x1ff;

    /// <summary>Spawns the tree of a plan and returns when every task of it is where the plan wants it.</summary>
    /// <param name="plan">Normalized first.</param>
    /// <exception cref="SpawnException">A task failed on the way; the message says which and why. Nothing is left running.</exception>
    public SpawnedTree Spawn(TreePlan plan)
    {
        plan = PlanNormalizer.Normalize(plan);
        var shape = TreeShape.Of(plan);
        var work = MakeWork(plan, shape);
        var launcher = Start(work);
        var tree = new SpawnedTree(plan, shape, work, launcher);
        try
        {
            // Thousands of tasks are forked one after the other, and each fork of a chain takes the kernel longer than the one
            // before (anon_vma_fork in mm/rmap.c).
            tree.AwaitReady(Patience + TimeSpan.FromMilliseconds(300) * plan.Tasks.Length);
            return tree;
        }
        catch
        {
            tree.Dispose();
            throw;
        }
    }

    private string MakeWork(TreePlan plan, IReadOnlyList<TaskShape> shape)
    {
        var work = Path.Combine(_directory, $"tree-{Interlocked.Increment(ref _count)}");
        foreach (var part in (string[])["", "files", "cores", "tasks", "verdicts"])
        {
            Directory.CreateDirectory(Path.Combine(work, part));
            File.SetUnixFileMode(Path.Combine(work, part), Everyone);
        }
        var job = new JsonObject
        {
            ["plan"] = JsonSerializer.SerializeToNode(plan, PlanJson.Options),
            ["shape"] = JsonSerializer.SerializeToNode(shape, PlanJson.Options),
            ["work"] = work,
            ["lenient"] = !Environment.IsPrivilegedProcess,
        };
        File.WriteAllText(Path.Combine(work, "job.json"), job.ToJsonString(), new UTF8Encoding(false));
        return work;
    }

    private Process Start(string work)
    {
        var runner = Path.Combine(_directory, "runner");
        var start = new ProcessStartInfo(_python)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
            WorkingDirectory = work,
            ArgumentList = { "-I", "-S", "-c", $"import sys; sys.path.insert(0, '{runner}'); import launcher; sys.exit(launcher.main('{work}'))" },
        };
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/local/bin:/usr/bin:/bin";
        start.Environment["CR_TREE"] = work;
        return Process.Start(start) ?? throw new SpawnException($"{_python} did not start.");
    }

    /// <summary>Removes the runner and all work directories. Trees must have been disposed before.</summary>
    public void Dispose()
    {
        try
        {
            Directory.Delete(_directory, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // Someone cleaned /tmp: nothing is left to do.
        }
    }
}
