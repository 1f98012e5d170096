using System.Management.Automation;

namespace CrShell.Commands.Objects;

/// <summary>Base of the cmdlets that read objects from the pipeline.</summary>
public abstract class InputCommand : PSCmdlet
{
    [Parameter(ValueFromPipeline = true)]
    public PSObject? InputObject { get; set; }

    protected override void ProcessRecord()
    {
        if (InputObject is not null)
            Take(InputObject);
    }

    /// <summary>Called once for every object.</summary>
    protected abstract void Take(PSObject item);
}
