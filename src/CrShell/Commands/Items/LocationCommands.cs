using System.Management.Automation;

namespace CrShell.Commands.Items;

/// <summary>Get-Location: where relative paths start.</summary>
[Cmdlet(VerbsCommon.Get, "Location")]
[OutputType(typeof(PathInfo))]
public sealed class GetLocationCommand : PSCmdlet
{
    protected override void BeginProcessing() => WriteObject(SessionState.Path.CurrentLocation);
}

/// <summary>Set-Location; without a path, home.</summary>
[Cmdlet(VerbsCommon.Set, "Location", DefaultParameterSetName = "Path")]
public sealed class SetLocationCommand : PSCmdlet
{
    [Parameter(Position = 0, ParameterSetName = "Path", ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public string Path { get; set; } = "";

    [Parameter(Mandatory = true, ParameterSetName = "LiteralPath", ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    public string LiteralPath { get; set; } = "";

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    protected override void ProcessRecord()
    {
        var path = LiteralPath.Length > 0 ? WildcardPattern.Escape(LiteralPath)
            : Path.Length > 0 ? Path
            : Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var location = SessionState.Path.SetLocation(path);
        if (PassThru)
            WriteObject(location);
    }
}

/// <summary>Push-Location: remembers the location, then goes to the path.</summary>
[Cmdlet(VerbsCommon.Push, "Location")]
public sealed class PushLocationCommand : PSCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true)]
    public string Path { get; set; } = "";

    protected override void ProcessRecord()
    {
        SessionState.Path.PushCurrentLocation("");
        if (Path.Length > 0)
            SessionState.Path.SetLocation(Path);
    }
}

/// <summary>Pop-Location: back to the location remembered last.</summary>
[Cmdlet(VerbsCommon.Pop, "Location")]
public sealed class PopLocationCommand : PSCmdlet
{
    protected override void BeginProcessing() => SessionState.Path.PopLocation("");
}
