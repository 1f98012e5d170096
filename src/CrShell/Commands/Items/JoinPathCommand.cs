using System.Management.Automation;

namespace CrShell.Commands.Items;

/// <summary>Join-Path: parents and children joined with the provider's separator.</summary>
[Cmdlet(VerbsCommon.Join, "Path")]
[OutputType(typeof(string))]
public sealed class JoinPathCommand : PSCmdlet
{
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath")]
    public string[] Path { get; set; } = [];

    [Parameter(Mandatory = true, Position = 1)]
    [AllowEmptyString]
    public string ChildPath { get; set; } = "";

    [Parameter(Position = 2, ValueFromRemainingArguments = true)]
    [AllowEmptyString, AllowEmptyCollection]
    public string[] AdditionalChildPath { get; set; } = [];

    [Parameter]
    public SwitchParameter Resolve { get; set; }

    protected override void ProcessRecord()
    {
        foreach (var path in Path)
        {
            var joined = AdditionalChildPath.Prepend(ChildPath).Aggregate(path, SessionState.Path.Combine);
            if (Resolve)
                WriteObject(SessionState.Path.GetResolvedPSPathFromPSPath(joined).Select(p => p.Path), enumerateCollection: true);
            else
                WriteObject(joined);
        }
    }
}
