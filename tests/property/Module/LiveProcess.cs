using System.Diagnostics;

namespace CrProperty.Module;

/// <summary>A process that a test has started and that ends with it, whatever happens.</summary>
internal sealed class LiveProcess : IDisposable
{
    private LiveProcess(Process process) => Process = process;

    public Process Process { get; }

    public int Id => Process.Id;

    /// <summary>A process that does nothing for longer than any test takes. Its standard streams are /dev/null.</summary>
    public static LiveProcess Sleep()
    {
        var live = Start("exec sleep 600 </dev/null >/dev/null 2>&1");
        var comm = $"/proc/{live.Id}/comm";
        for (var i = 0; i < 10_000 && File.ReadAllText(comm) != "sleep\n"; i++)
            Thread.Sleep(1);
        return live;
    }

    /// <param name="script">For sh; what it starts must end when it does.</param>
    public static LiveProcess Start(string script)
        => new(Process.Start(new ProcessStartInfo("/bin/sh", ["-c", script]) { UseShellExecute = false })!);

    public void Dispose()
    {
        if (!Process.HasExited)
            Process.Kill(entireProcessTree: true);
        Process.WaitForExit();
        Process.Dispose();
    }
}
