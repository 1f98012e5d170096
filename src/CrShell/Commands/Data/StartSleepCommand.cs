using System.Management.Automation;

namespace CrShell.Commands.Data;

/// <summary>Start-Sleep: seconds, -Milliseconds or a -Duration. Ctrl+C ends it at once.</summary>
[Cmdlet(VerbsLifecycle.Start, "Sleep", DefaultParameterSetName = "Seconds")]
public sealed class StartSleepCommand : PSCmdlet
{
    private readonly ManualResetEventSlim _stop = new();

    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Seconds", ValueFromPipeline = true)]
    [ValidateRange(0.0, int.MaxValue / 1000.0)]
    public double Seconds { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = "Milliseconds")]
    [Alias("ms"), ValidateRange(0, int.MaxValue)]
    public int Milliseconds { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = "Duration")]
    public TimeSpan Duration { get; set; }

    protected override void ProcessRecord() => _stop.Wait(ParameterSetName switch
    {
        "Milliseconds" => TimeSpan.FromMilliseconds(Milliseconds),
        "Duration" => Duration,
        _ => TimeSpan.FromSeconds(Seconds),
    });

    protected override void StopProcessing() => _stop.Set();
}
