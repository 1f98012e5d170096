using System.Diagnostics;
using CrProperty.Kernel;

namespace CrProperty.Module;

/// <summary>
/// A process that a test has started, in a session of its own and without descriptors of the test run's, so that it can
/// be checkpointed. It ends with the test, whatever happens, and what was restored in its place does, too.
/// </summary>
internal sealed class LiveProcess : IDisposable
{
    private const string Detach = """
        for f in /proc/$$/fd/*; do f=${f##*/}; if [ "$f" -gt 2 ]; then eval "exec $f<&-"; fi; done 2>/dev/null
        exec setsid "$@" </dev/null >/dev/null 2>&1
        """;

    private readonly List<int> _restored = [];

    private bool _forgotten;

    private LiveProcess(Process process)
    {
        Process = process;
        Id = process.Id;
    }

    public Process Process { get; }

    public int Id { get; }

    /// <summary>A process that does nothing for longer than any test takes.</summary>
    public static LiveProcess Sleep()
    {
        var live = Start("sleep", "600");
        WaitUntil(() => File.ReadAllText($"/proc/{live.Id}/comm") == "sleep\n");
        return live;
    }

    /// <summary>A process that holds one end of a pipe whose other end the test holds.</summary>
    public static LiveProcess WithPipe()
    {
        var live = new LiveProcess(Process.Start(new ProcessStartInfo("sleep", "600") { RedirectStandardInput = true })!);
        WaitUntil(() => File.ReadAllText($"/proc/{live.Id}/comm") == "sleep\n");
        return live;
    }

    /// <summary>A bash script that writes into the file $READY when it is where the test wants it.</summary>
    public static LiveProcess Script(ScratchFolder folder, string script)
    {
        var ready = folder.File("ready");
        var live = Start("bash", "-c", $"READY='{ready}'; cd /; {script}");
        WaitUntil(() => File.Exists(ready) && new FileInfo(ready).Length > 0);
        return live;
    }

    /// <summary>Waits for the end of a process that was ended, as a checkpoint does it.</summary>
    /// <returns>Its exit code.</returns>
    public int AwaitEnd() => ChildEnd.Await(Process);

    /// <summary>
    /// Lets go of a process that has ended: as long as its object lives, .NET takes any process of the same id for the
    /// ended one, also one that was restored.
    /// </summary>
    public void Forget()
    {
        Process.Dispose();
        _forgotten = true;
    }

    /// <summary>Notes a restored process, to be ended with the test.</summary>
    public void EndAlso(int pid) => _restored.Add(pid);

    public static void WaitUntil(Func<bool> holds)
    {
        for (var started = Stopwatch.StartNew(); started.Elapsed < TimeSpan.FromSeconds(90); Thread.Sleep(1))
            if (holds())
                return;
        throw new TimeoutException("A process of the test did not get where it should.");
    }

    public void Dispose()
    {
        foreach (var pid in _restored)
            Kill(pid);
        if (_forgotten)
            return;
        ChildEnd.Kill(Process, withTree: true);
        Process.Dispose();
    }

    private static void Kill(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            // It has ended already.
        }
    }

    private static LiveProcess Start(params string[] command)
        => new(Process.Start(new ProcessStartInfo("/bin/bash", ["-c", Detach, "detach", .. command]))!);
}
