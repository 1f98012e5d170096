using System.Collections;
using System.Management.Automation;
using CrShell.Commands.Objects;

namespace CrShell.Commands.Output;

/// <summary>Get-Error: the newest errors with all that is known of them.</summary>
[Cmdlet(VerbsCommon.Get, "Error")]
public sealed class GetErrorCommand : PSCmdlet
{
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int Newest { get; set; } = 1;

    protected override void BeginProcessing()
    {
        if (GetVariableValue("global:Error") is not IList errors)
            return;
        foreach (var error in errors.Cast<object>().Take(Newest))
        {
            var item = error is PSObject wrapped ? wrapped.Copy() : new PSObject(error);
            // Under its own type the formatter would show it as the short error that it was.
            item.TypeNames.Remove("System.Management.Automation.ErrorRecord");
            item.TypeNames.Remove("System.Exception");
            WriteObject(item.As(item.BaseObject is ErrorRecord ? EngineView.ErrorRecord : EngineView.Exception));
        }
    }
}
