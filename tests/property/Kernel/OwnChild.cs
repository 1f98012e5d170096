using System.Diagnostics;

namespace CrProperty.Kernel;

/// <summary>A child process that is killed and waited for when the test ends, however it ends.</summary>
internal sealed class OwnChild : IDisposable
{
    private readonly Process _process;
    private bool _disposed;

    private OwnChild(Process process)
    {
        _process = process;
        Pid = process.Id;
    }

    public int Pid { get; }

    public StreamReader Output => _process.StandardOutput;

    public StreamWriter Input => _process.StandardInput;

    /// <summary>A program at rest in nanosleep or clock_nanosleep.</summary>
    public static OwnChild Sleep() => Start("sleep", "1000").WaitForCall("35", "230");

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

    /// <summary>Waits until the child has run its execve and is at rest in one of the system calls given.</summary>
    public OwnChild WaitForCall(params string[] numbers)
    {
        while (!numbers.Contains(File.ReadAllText($"/proc/{Pid}/syscall").Split(' ')[0]))
            Thread.Sleep(1);
        return this;
    }

    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        ChildEnd.Kill(_process);
        _process.Dispose();
    }
}
