using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using CrCore;
using CrCore.Checkpoint;
using CrCore.Restore;
using CrProperty.Kernel;

namespace CrProperty.Services;

/// <summary>
/// A driver of drivers/: the root of a tree with a service and clients that put load on it. It counts what was
/// acknowledged, and in the end says what was wrong. Whatever is left of the tree is ended in the end.
/// </summary>
internal sealed class ServiceTree : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private const int MaxTries = 100;
    private static readonly string[] NotAccepted = ["CrUnixPendingData", "CrUnixPendingClosed"];

    private readonly string _folder = Directory.CreateTempSubdirectory("crservice-").FullName;
    private readonly Process _first;
    private readonly HashSet<int> _pids = [];

    /// <param name="driver">The driver's name, without its extension.</param>
    /// <param name="argument">A second argument, after the folder.</param>
    public ServiceTree(string driver, string argument = "")
    {
        var script = Path.Combine(AppContext.BaseDirectory, "Services", "drivers", driver + ".py");
        // A session of its own, and nothing inherited that a program outside of the tree has, too.
        _first = Process.Start("/bin/sh", ["-c", "exec setsid /usr/bin/python3 \"$@\" </dev/null >\"$2/output\" 2>&1", "sh", script, _folder, argument]);
        Root = _first.Id;
    }

    public int Root { get; }

    public string Image => Path.Combine(_folder, "image.cr");

    public CheckpointResult Checkpoint(bool stop)
    {
        Remember(Root);
        for (var tries = 1; ; tries++)
        {
            try
            {
                var result = new TreeCheckpoint(new CheckpointOptions { Stop = stop, Overwrite = true }).Run(Root, Image);
                if (stop)
                    ChildEnd.Await(_first);
                return result;
            }
            catch (CrPreflightException e) when (tries < MaxTries && e.Obstacles.All(o => NotAccepted.Contains(o.Id)))
            {
                // A connection whose first words wait for the service to accept it: as the advice says, try again.
                Thread.Sleep(5);
            }
        }
    }

    public RestoreResult Restore()
    {
        var result = new TreeRestore(new RestoreOptions()).Run(Image);
        foreach (var task in result.Tasks)
            _pids.Add(task.Pid);
        return result;
    }

    /// <summary>Waits until that many more rounds were acknowledged by each client.</summary>
    public void AwaitProgress(int rounds)
    {
        var goal = Progress + rounds;
        Await(() => Progress >= goal, () => $"The clients got no further than {Progress} of {goal} rounds.");
    }

    /// <summary>Ends the load, and the service with it.</summary>
    /// <returns>What was wrong, in the driver's words.</returns>
    public string[] Verdict()
    {
        File.WriteAllText(Path.Combine(_folder, "stop"), "");
        Await(() => File.Exists(Path.Combine(_folder, "verdict")), () => "The driver gave no verdict.");
        return JsonSerializer.Deserialize<string[]>(File.ReadAllText(Path.Combine(_folder, "verdict"))) ?? [];
    }

    private int Progress => File.Exists(Path.Combine(_folder, "progress")) ? int.Parse(File.ReadAllText(Path.Combine(_folder, "progress")), CultureInfo.InvariantCulture) : 0;

    private void Await(Func<bool> done, Func<string> otherwise)
    {
        var clock = Stopwatch.StartNew();
        while (!done())
        {
            var verdict = Path.Combine(_folder, "verdict");
            if (clock.Elapsed > Patience || (File.Exists(verdict) && !done()))
                throw new InvalidOperationException($"{otherwise()} Verdict: {Text(verdict)} Output: {Text(Path.Combine(_folder, "output"))} Service: {Text(Path.Combine(_folder, "service.log"))}");
            Thread.Sleep(10);
        }

        static string Text(string path) => File.Exists(path) ? File.ReadAllText(path) : "none.";
    }

    /// <summary>All tasks of the tree, by their pids.</summary>
    private void Remember(int pid)
    {
        if (!_pids.Add(pid))
            return;
        try
        {
            foreach (var thread in Directory.EnumerateDirectories($"/proc/{pid}/task"))
                foreach (var child in File.ReadAllText(thread + "/children").Split(' ', StringSplitOptions.RemoveEmptyEntries))
                    Remember(int.Parse(child, CultureInfo.InvariantCulture));
        }
        catch (IOException)
        {
            // It has ended meanwhile.
        }
    }

    public void Dispose()
    {
        Remember(Root);
        foreach (var pid in _pids)
            EndIfOfTree(pid);
        ChildEnd.Kill(_first);
        _first.Dispose();
        LeftFolder.Delete(_folder);
    }

    /// <summary>Only what still runs in the tree's session or names its folder: a pid may be somebody else's by now.</summary>
    private void EndIfOfTree(int pid)
    {
        try
        {
            var session = File.ReadAllText($"/proc/{pid}/stat").Split(") ")[^1].Split(' ')[3];
            if (session != Root.ToString(CultureInfo.InvariantCulture) && !File.ReadAllText($"/proc/{pid}/cmdline").Contains(_folder, StringComparison.Ordinal)
                && !File.ReadAllText($"/proc/{pid}/environ").Contains(_folder, StringComparison.Ordinal))
                return;
            using var p = Process.GetProcessById(pid);
            p.Kill();
        }
        catch (Exception e) when (e is IOException or ArgumentException or InvalidOperationException or UnauthorizedAccessException)
        {
            // It has ended by itself.
        }
    }
}
