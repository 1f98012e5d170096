using System.Diagnostics;
using System.Management.Automation;

namespace CrShell.Commands.Processes;

/// <summary>Get-Process: processes by id or name; without either, all of them.</summary>
[Cmdlet(VerbsCommon.Get, "Process", DefaultParameterSetName = "AnyName")]
[OutputType(typeof(Process))]
public sealed class GetProcessCommand : ProcessTargets
{
    [Parameter(Position = 0, ParameterSetName = "AnyName")]
    public string[] ProcessNames { get; set; } = [];

    protected override void ProcessRecord()
    {
        if (ParameterSetName != "AnyName")
        {
            WriteObject(Targets().Select(t => t.Process), enumerateCollection: true);
            return;
        }
        foreach (var name in ProcessNames.DefaultIfEmpty("*"))
            WriteObject(ByName(name), enumerateCollection: true);
    }
}
