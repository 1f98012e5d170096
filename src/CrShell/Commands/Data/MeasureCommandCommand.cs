using System.Diagnostics;
using System.Management.Automation;

namespace CrShell.Commands.Data;

/// <summary>Measure-Command: how long a script block takes; its output is dropped.</summary>
[Cmdlet(VerbsDiagnostic.Measure, "Command")]
[OutputType(typeof(TimeSpan))]
public sealed class MeasureCommandCommand : PSCmdlet
{
    [Parameter(Mandatory = true, Position = 0)]
    public ScriptBlock Expression { get; set; } = ScriptBlock.Create("");

    protected override void BeginProcessing()
    {
        var start = Stopwatch.GetTimestamp();
        InvokeCommand.InvokeScript(useLocalScope: false, Expression, null, []);
        WriteObject(Stopwatch.GetElapsedTime(start));
    }
}
