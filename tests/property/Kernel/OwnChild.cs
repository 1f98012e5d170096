using System.Diagnostics;

namespace CrProperty.Kernel;

/// <summary>A child process that is killed and waited for when the test ends, however it ends.</summary>
internal sealed class OwnChild : IDisposable
{
    private readonly Process _process;
    private bool _disposed;

    private OwnChild(Process process) => _process = process;

    public int Pid => _process.Id;

    public StreamReader Output => _process.StandardOutput;

    public StreamWriter Input => _process.StandardInput;

    public static OwnChild Sleep() => Start("sleep", "1000");

    public static OwnChild Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        };
        return new OwnChild(Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start"));
    }

    /// <summary>A python3 program that has printed its line "ready".</summary>
    public static OwnChild Python(string code)
    {
        var child = Start("python3", "-c", code);
        if (child.Output.ReadLine() is "ready")
            return child;
        child.Dispose();
        throw new InvalidOperationException("the python3 child did not get ready");
    }

    /// <summary>Waits until the child has run its execve, so that what it shows is the program's own.</summary>
    public OwnChild WaitForComm(string comm)
    {
        while (File.ReadAllText($"/proc/{Pid}/comm").TrimEnd('\n') != comm)
            Thread.Yield();
        return this;
    }

    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
