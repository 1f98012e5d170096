using System.Management.Automation;
using CrModule.Pipeline;

namespace CrModule.Commands;

/// <summary>Ends trees that Start-CrTree has made, and removes their files.</summary>
[Cmdlet(VerbsLifecycle.Stop, "CrTree", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low)]
public sealed class StopCrTreeCommand : CrCmdlet
{
    /// <summary>Trees of Start-CrTree.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNull]
    public CrLiveTree[] InputObject { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var tree in InputObject)
        {
            if (!ShouldProcess(tree.ToString(), "Stop"))
                continue;
            var before = tree.Stopped;
            tree.Dispose();
            WriteVerbose($"The {tree} {(before ? "was stopped before" : "has ended")}.");
            WriteDebug($"'{tree.WorkFolder}' is removed.");
        }
    }
}
