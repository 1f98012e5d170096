using System.Diagnostics;
using System.Management.Automation;

namespace CrModule.Pipeline;

/// <summary>Progress of work on the pipeline's own thread, shown no more often than a person can follow, and taken away at its end.</summary>
internal sealed class ShownProgress(Cmdlet cmdlet, string activity, string status) : IDisposable
{
    private const int ActivityId = 1;

    private static readonly long Pause = Stopwatch.Frequency / 5;

    private long _next = Stopwatch.GetTimestamp() + Pause;
    private bool _shown;

    public void Report(long done, long total)
    {
        var now = Stopwatch.GetTimestamp();
        if (now < _next)
            return;
        _next = now + Pause;
        _shown = true;
        cmdlet.WriteProgress(new ProgressRecord(ActivityId, activity, status)
        {
            PercentComplete = total > 0 ? (int)Math.Clamp(100.0 * done / total, 0, 100) : -1,
        });
    }

    public void Dispose()
    {
        if (!_shown)
            return;
        try
        {
            cmdlet.WriteProgress(new ProgressRecord(ActivityId, activity, status) { RecordType = ProgressRecordType.Completed });
        }
        catch (PipelineStoppedException)
        {
            // The pipeline is being stopped: the host takes the bar away by itself.
        }
    }
}
