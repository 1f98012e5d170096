using System.ComponentModel;
using System.Management.Automation;

namespace CrShell.Commands.Processes;

/// <summary>Stop-Process: SIGKILL, as in pwsh.</summary>
[Cmdlet(VerbsLifecycle.Stop, "Process", SupportsShouldProcess = true, DefaultParameterSetName = "InputObject")]
public sealed class StopProcessCommand : ProcessTargets
{
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <summary>Accepted as in pwsh, where it silences a question about other users' processes.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    protected override void ProcessRecord()
    {
        foreach (var target in Targets())
        {
            var process = target.Process;
            if (target.HasEnded || !ShouldProcess($"{target.Name} ({process.Id})"))
                continue;
            try
            {
                target.Kill();
            }
            catch (Exception e) when (e is Win32Exception or InvalidOperationException)
            {
                WriteError(new ErrorRecord(e, "CouldNotStopProcess", ErrorCategory.CloseError, process));
                continue;
            }
            if (PassThru)
                WriteObject(process);
        }
    }
}
