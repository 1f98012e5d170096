using System.Management.Automation.Runspaces;

namespace CrShell.Session;

/// <summary>Turns Ctrl+C into a stop of the pipeline that runs. Where none runs, the shell ends as any program does.</summary>
internal sealed class Interruption : IDisposable
{
    private readonly Lock _lock = new();
    private Pipeline? _running;

    public Interruption() => Console.CancelKeyPress += OnCancelKey;

    /// <summary>Whether the last pipeline was asked to stop.</summary>
    public bool WasAsked { get; private set; }

    /// <summary>Runs <paramref name="body"/>, which invokes the pipeline, so that Ctrl+C stops it.</summary>
    public T During<T>(Pipeline pipeline, Func<T> body)
    {
        lock (_lock)
        {
            _running = pipeline;
            WasAsked = false;
        }
        try
        {
            return body();
        }
        finally
        {
            lock (_lock)
                _running = null;
        }
    }

    /// <summary>Asks the running pipeline to stop; returns at once.</summary>
    public void Stop()
    {
        lock (_lock)
        {
            if (_running is null)
                return;
            WasAsked = true;
            _running.StopAsync();
        }
    }

    public void Dispose() => Console.CancelKeyPress -= OnCancelKey;

    private void OnCancelKey(object? sender, ConsoleCancelEventArgs e)
    {
        lock (_lock)
            e.Cancel = _running is not null;
        Stop();
    }
}
