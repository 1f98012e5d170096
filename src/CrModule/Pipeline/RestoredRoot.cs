using System.Diagnostics;
using CrCore.Kernel;

namespace CrModule.Pipeline;

/// <summary>
/// A hold on the root of a tree that is being restored, taken before it runs: however soon it ends, its process object
/// and its exit status can be had.
/// </summary>
internal sealed class RestoredRoot : IDisposable
{
    private ProcessWatch? _watch;

    /// <summary>For the pipeline; it belongs to whoever takes it.</summary>
    public Process? Process { get; private set; }

    /// <summary>Called by the engine on a thread of its own when the root exists and does not run yet.</summary>
    public void Open(int pid)
    {
        _watch = ProcessWatch.Open(pid);
        Process = Process.GetProcessById(pid);
    }

    /// <returns>Null where the status cannot be known.</returns>
    /// <exception cref="OperationCanceledException">The root runs on.</exception>
    public WaitStatus? WaitForEnd(CancellationToken cancel)
        => _watch?.WaitForEnd(cancel) is { } status ? WaitStatus.Of(status) : null;

    public void Dispose() => _watch?.Dispose();
}
