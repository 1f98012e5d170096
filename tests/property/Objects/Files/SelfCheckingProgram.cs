using System.Diagnostics;
using CrCore;
using CrCore.Checkpoint;
using CrCore.Kernel;
using CrCore.Restore;
using CrProperty.Kernel;

namespace CrProperty.Objects.Files;

/// <summary>
/// A python3 program that builds a state, waits, and after its restore checks by itself that everything is as it was.
/// All of its processes and files are gone when the test ends, however it ends.
/// </summary>
internal sealed class SelfCheckingProgram : IDisposable
{
    private const int SigUsr1 = 10, SigKill = 9;

    private const string Prelude = """
        import ctypes, fcntl, os, select, signal, struct, sys, time, traceback
        d = sys.argv[1]
        os.chdir(d)
        os.closerange(0, 4096)
        os.open('/dev/null', os.O_RDWR); os.dup(0); os.dup(0)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
        F_SETPIPE_SZ, F_GETPIPE_SZ = 1031, 1032
        def said(name, text):
            with open(d + '/' + name + '.new', 'w') as f: f.write(text)
            os.rename(d + '/' + name + '.new', d + '/' + name)
        def wait():
            said('ready', 'yes')
            signal.sigwait([signal.SIGUSR1])
        def same(a, b):
            assert a == b, '%r is not %r' % (a, b)
        try:

        """;

    private const string End = """

            said('result', 'ok')
        except BaseException:
            said('result', traceback.format_exc())
        os._exit(0)
        """;

    private readonly Process _process;
    private readonly PidFd? _running;
    private readonly List<int> _pids = [];
    private int _restoredRoot;

    /// <param name="code">Builds the state, calls wait(), then checks; indented by four blanks.</param>
    public SelfCheckingProgram(string code)
    {
        Folder = Directory.CreateTempSubdirectory("crfiles").FullName;
        var script = Path.Combine(Folder, "program.py");
        File.WriteAllText(script, Prelude + code + End);
        _process = Process.Start(new ProcessStartInfo("python3", [script, Folder]) { RedirectStandardOutput = true, RedirectStandardInput = true, RedirectStandardError = true })!;
        _running = PidFd.TryOpen(_process.Id);
        try
        {
            Await(() => File.Exists(Path.Combine(Folder, "ready")) || Result is not null || _process.HasExited, "the program to get ready");
            if (Result is { } early)
                throw new InvalidOperationException("The program failed before its checkpoint: " + early);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public string Folder { get; }

    public int Pid => _process.Id;

    /// <summary>The restored root's pid, as this process sees it.</summary>
    public int RestoredPid => _restoredRoot;

    public string Image => Path.Combine(Folder, "image.cr");

    private string? Result => File.Exists(Path.Combine(Folder, "result")) ? File.ReadAllText(Path.Combine(Folder, "result")) : null;

    /// <summary>Checkpoints, ends, restores and lets it check itself; "ok" or what was not as before.</summary>
    public string Journey(CheckpointOptions? checkpoint = null, RestoreOptions? restore = null)
    {
        Save(checkpoint);
        Restore(restore);
        return Check();
    }

    public CheckpointResult Save(CheckpointOptions? options = null, string? path = null, IProgress<CrProgress>? progress = null)
    {
        List<int> all = [Pid, .. Descendants(Pid)];
        var result = new TreeCheckpoint((options ?? new()) with { Stop = true }, progress: progress).Run(Pid, path ?? Image);
        ChildEnd.Await(_process);
        // Whoever has to wait for them does so in its own time, and until then their pids are taken.
        Await(() => all.TrueForAll(p => !Directory.Exists($"/proc/{p}")), "the ended tasks to be gone");
        return result;
    }

    /// <summary>Saves and lets it run on.</summary>
    public CheckpointResult SaveRunning(CheckpointOptions? options = null)
        => new TreeCheckpoint((options ?? new()) with { Stop = false, Overwrite = true }).Run(Pid, Image);

    /// <summary>Ends it without a word.</summary>
    public void Kill()
    {
        List<int> all = [Pid, .. Descendants(Pid)];
        foreach (var pid in all)
            Libc.Syscall(Sys.kill, pid, SigKill);
        ChildEnd.Await(_process);
        Await(() => all.TrueForAll(p => !Directory.Exists($"/proc/{p}")), "the ended tasks to be gone");
    }

    /// <summary>Lets the program that was never restored check itself.</summary>
    public string CheckRunning()
    {
        _restoredRoot = Pid;
        // When the root has ended nobody knows any more whose they are.
        _pids.AddRange(Descendants(Pid));
        return Check();
    }

    public RestoreResult Restore(RestoreOptions? options = null, string? path = null)
    {
        var result = new TreeRestore(options ?? new()).Run(path ?? Image);
        _restoredRoot = result.Root.Pid;
        foreach (var task in result.Tasks)
            _pids.Add(task.Pid);
        if (result.NamespaceInitPid != 0)
            _pids.Add(result.NamespaceInitPid);
        return result;
    }

    public string Check()
    {
        Libc.Syscall(Sys.kill, _restoredRoot, SigUsr1);
        Await(() => Result is not null || !Directory.Exists($"/proc/{_restoredRoot}"), "the restored program to check itself");
        var said = Result ?? "the restored program ended without a word";
        // The comparison of two texts shows no more than their first line.
        return said.StartsWith("Traceback", StringComparison.Ordinal) ? throw new InvalidOperationException("The program's own check failed:\n" + said) : said;
    }

    private static void Await(Func<bool> met, string what)
    {
        var deadline = Stopwatch.GetTimestamp() + 60 * Stopwatch.Frequency;
        while (!met())
        {
            if (Stopwatch.GetTimestamp() > deadline)
                throw new TimeoutException($"Waited in vain for {what}.");
            Thread.Sleep(5);
        }
    }

    public void Dispose()
    {
        // Not by Process.HasExited, which may be wrong of one that was traced (ChildEnd); its number may be another's by now.
        if (_running is { } running && !running.WaitForExit(0))
            foreach (var child in Descendants(Pid))
                Libc.Syscall(Sys.kill, child, SigKill);
        _running?.Dispose();
        ChildEnd.Kill(_process);
        _process.Dispose();
        foreach (var pid in _pids)
            Libc.Syscall(Sys.kill, pid, SigKill);
        foreach (var pid in _pids)
            // Those that are children of this process must be waited for; for the others this says ECHILD.
            Wait.Take(pid, noHang: false, out _);
        LeftFolder.Delete(Folder);
    }

    private static List<int> Descendants(int pid)
    {
        var found = new List<int>();
        using var proc = new ProcReader();
        foreach (var task in TreeWalk.Walk(proc, pid))
            if (task.Pid != pid)
                found.Add(task.Pid);
        return found;
    }
}
