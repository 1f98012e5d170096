using System.Diagnostics.Tracing;

namespace CrCore.Kernel;

/// <summary>
/// The engine's trace. <c>KernelCall</c> is raised after each call by which the engine touches another task, in the
/// order of the calls and on the thread that made them; <c>RemoteCall</c> shows each call run inside a task.
/// dotnet-trace, an EventListener or <c>-Debug</c> listen to it.
/// </summary>
[EventSource(Name = "CrModule-Engine")]
public sealed class CrEventSource : EventSource
{
    private CrEventSource() { }

    public static readonly CrEventSource Log = new();

    /// <summary>A call made by the engine on a task.</summary>
    [Event(1, Level = EventLevel.Verbose)]
    public void KernelCall(string call, int tid, long result) => WriteEvent(1, call, tid, result);

    /// <summary>A system call that ran inside a task.</summary>
    [Event(2, Level = EventLevel.Verbose)]
    public void RemoteCall(int tid, string call, string arguments, long result) => WriteEvent(2, tid, call, arguments, result);

    /// <summary>A step of a pipeline.</summary>
    [Event(3, Level = EventLevel.Informational)]
    public void Step(string step) => WriteEvent(3, step);
}
