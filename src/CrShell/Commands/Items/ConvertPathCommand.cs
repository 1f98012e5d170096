using System.Management.Automation;

namespace CrShell.Commands.Items;

/// <summary>Convert-Path: a path as programs outside the shell know it.</summary>
[Cmdlet(VerbsData.Convert, "Path", DefaultParameterSetName = "Path")]
[OutputType(typeof(string))]
public sealed class ConvertPathCommand : PathCommand
{
    protected override void Process(string path) => WriteObject(Files(path), enumerateCollection: true);
}
