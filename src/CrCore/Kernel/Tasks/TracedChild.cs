using System.Diagnostics;

namespace CrCore.Kernel;

/// <summary>
/// A child of this process while it is traced. The runtime may take a stop of it for its end (dotnet/runtime issue 133736). It waits
/// for it no more then; and when the child ends, the runtime's own thread finds an end again and again that it takes for known, and holds the lock
/// under which programs are started, until somebody else has waited for the child.
/// </summary>
internal sealed class TracedChild
{
    private readonly Process _process;
    private readonly PidFd _child;

    private TracedChild(Process process, PidFd child) => (_process, _child) = (process, child);

    /// <returns>null where it has ended and was waited for.</returns>
    public static TracedChild? TryOpen(int pid)
    {
        if (PidFd.TryOpen(pid) is not { } child)
            return null;
        try
        {
            var process = Process.GetProcessById(pid);
            // The question is what ties it to what the runtime knows of the child.
            if (!process.HasExited)
                return new(process, child);
            process.Dispose();
        }
        catch (ArgumentException)
        {
            // It has ended since.
        }
        child.Dispose();
        return null;
    }

    /// <summary>
    /// Has the end of a child waited for that the runtime waits for no more, at once or when it comes. No other's: the runtime ends the whole
    /// process when it finds that somebody else has waited for a child that it still waits for (TryReapChild of its ProcessWaitState).
    /// </summary>
    public void LetGo()
    {
        var isLost = _process.HasExited;
        _process.Dispose();
        if (!isLost || Wait.TakeEnd(_child))
            _child.Dispose();
        else
            new Thread(AwaitEnd) { Name = "CrModule child", IsBackground = true }.Start();
    }

    /// <summary>Not by a wait that blocks: it would take the stops of who traces the child next.</summary>
    private void AwaitEnd()
    {
        while (!_child.WaitForExit(-1))
        {
            // A signal came to this thread.
        }
        Wait.TakeEnd(_child);
        _child.Dispose();
    }
}
