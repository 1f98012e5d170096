using System.Diagnostics.Tracing;
using System.Globalization;
using CrCore.Kernel;

namespace CrModule.Pipeline;

/// <summary>
/// What the engine does to tasks, call by call, as -Debug shows it. The engine's event source is one for the whole program:
/// what other pipelines of this program do meanwhile is heard, too.
/// </summary>
internal sealed class EngineTrace : EventListener
{
    private const int KernelCall = 1, RemoteCall = 2;

    private readonly Action<string> _write;

    public EngineTrace(Action<string> write)
    {
        _write = write;
        EnableEvents(CrEventSource.Log, EventLevel.Verbose);
    }

    /// <inheritdoc/>
    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (Text(eventData.EventId, eventData.Payload) is { } text)
            _write(text);
    }

    /// <summary>Null for what Verbose tells already.</summary>
    private static string? Text(int id, IReadOnlyList<object?>? values) => (id, values) switch
    {
        (KernelCall, [var call, var tid, var result]) => string.Create(CultureInfo.InvariantCulture, $"{call} on {tid}: {result}"),
        (RemoteCall, [var tid, var call, var arguments, var result]) => string.Create(CultureInfo.InvariantCulture, $"{call}({arguments}) in {tid}: {result}"),
        _ => null,
    };
}
