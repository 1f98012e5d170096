using System.Diagnostics;
using System.Management.Automation;

namespace CrShell.Commands.Processes;

/// <summary>Wait-Process: until all of them have ended, or -Timeout seconds are over.</summary>
[Cmdlet(VerbsLifecycle.Wait, "Process", DefaultParameterSetName = "InputObject")]
public sealed class WaitProcessCommand : ProcessTargets
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);
    private readonly List<Incarnation> _waiting = [];

    /// <summary>Seconds; 0 looks once. Without it there is no limit.</summary>
    [Parameter(Position = 1)]
    [Alias("TimeoutSec"), ValidateRange(0, 2_000_000)]
    public int? Timeout { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    protected override void ProcessRecord() => _waiting.AddRange(Targets());

    protected override void EndProcessing()
    {
        var deadline = Timeout is { } seconds ? TimeSpan.FromSeconds(seconds) : System.Threading.Timeout.InfiniteTimeSpan;
        var start = Stopwatch.StartNew();
        foreach (var target in _waiting)
        {
            var process = target.Process;
            while (!target.WaitForEnd(PollInterval))
            {
                if (Stopping)
                    throw new PipelineStoppedException();
                if (Timeout is not null && start.Elapsed >= deadline)
                {
                    WriteError(new ErrorRecord(
                        new TimeoutException($"Process {process.Id} did not end within {Timeout} seconds."), "ProcessNotTerminated", ErrorCategory.CloseError, process));
                    break;
                }
            }
            if (PassThru)
                WriteObject(process);
        }
    }
}
