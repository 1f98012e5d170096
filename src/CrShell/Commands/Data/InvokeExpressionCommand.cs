using System.Management.Automation;

namespace CrShell.Commands.Data;

/// <summary>Invoke-Expression: runs text in the caller's scope.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "Expression")]
public sealed class InvokeExpressionCommand : PSCmdlet
{
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    public string Command { get; set; } = "";

    protected override void ProcessRecord()
        => WriteObject(InvokeCommand.InvokeScript(useLocalScope: false, ScriptBlock.Create(Command), null, []), enumerateCollection: true);
}
