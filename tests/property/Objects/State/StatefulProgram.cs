using System.Diagnostics;
using CrCore;
using CrCore.Checkpoint;
using CrCore.Kernel;
using CrCore.Restore;

namespace CrProperty.Objects.State;

/// <summary>
/// A python3 program that makes some state, and tells of it in a file before and after a checkpoint and restore. It
/// has no pipe or terminal, and it is ended whatever happens.
/// </summary>
internal sealed class StatefulProgram : IDisposable
{
    private const string Frame = """
        import os, sys, time, signal, ctypes, threading, json
        # What the test runner left open by inheritance.
        os.closerange(3, 65536)
        folder = sys.argv[1]
        libc = ctypes.CDLL(None, use_errno=True)
        def said(name): return os.path.exists(os.path.join(folder, name))
        def await_word(name):
            # Nobody may be there any more to say it.
            for i in range(6000):
                if said(name): return
                time.sleep(0.01)
            os._exit(9)
        def tell(name, value):
            path = os.path.join(folder, name)
            with open(path + ".new", "w") as f: json.dump(value, f, sort_keys=True)
            os.rename(path + ".new", path)
        """;

    private const int SigKill = 9;

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("crstate-").FullName;
    private readonly List<int> _pids = [];

    /// <param name="code">Runs behind the frame; it calls tell and await_word.</param>
    public StatefulProgram(string code)
    {
        var script = Path.Combine(_folder, "program.py");
        File.WriteAllText(script, Frame + "\n" + code);
        // Not a child of this process: the runtime, which waits for its children, could take a stop for an end while
        // other tests let unknown children end.
        var start = new ProcessStartInfo("/bin/sh", ["-c", "setsid python3 \"$0\" \"$1\" </dev/null >\"$1/out\" 2>&1 & echo $! >\"$1/pid\"", script, _folder]);
        using (var shell = Process.Start(start)!)
            shell.WaitForExit();
        Pid = int.Parse(File.ReadAllText(Path.Combine(_folder, "pid")), System.Globalization.CultureInfo.InvariantCulture);
        _pids.Add(Pid);
    }

    public int Pid { get; }

    public string Image => Path.Combine(_folder, "image.cr");

    /// <summary>What the program told under a name, once it has.</summary>
    public string Hear(string name)
    {
        var path = Path.Combine(_folder, name);
        var patience = Stopwatch.StartNew();
        while (!File.Exists(path))
        {
            if (patience.Elapsed > _patience)
                throw new InvalidOperationException($"nothing told of {name}; output: {File.ReadAllText(Path.Combine(_folder, "out"))}");
            Thread.Sleep(5);
        }
        return File.ReadAllText(path);
    }

    public void Say(string name) => File.WriteAllText(Path.Combine(_folder, name), "");

    public CheckpointResult Checkpoint(bool stop = true)
    {
        var result = new TreeCheckpoint(new CheckpointOptions { Stop = stop, Overwrite = true }).Run(Pid, Image);
        // Its number is free when the machine's init has waited for it.
        for (var patience = Stopwatch.StartNew(); stop && Directory.Exists($"/proc/{Pid}") && patience.Elapsed < _patience;)
            Thread.Sleep(5);
        return result;
    }

    public RestoreResult Restore(bool newPidNamespace = false)
    {
        var result = new TreeRestore(new RestoreOptions { NewPidNamespace = newPidNamespace }).Run(Image);
        foreach (var task in result.Tasks)
            _pids.Add(task.Pid);
        return result;
    }

    public void Dispose()
    {
        foreach (var pid in _pids)
            if (IsOwn(pid))
                Libc.Syscall(Sys.kill, pid, SigKill);
        for (var patience = Stopwatch.StartNew(); _pids.Exists(IsOwn) && patience.Elapsed < _patience;)
            Thread.Sleep(5);
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Whether it still is what was started here: a program that has told all ends by itself, at any moment.</summary>
    private bool IsOwn(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline").Contains(_folder, StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
