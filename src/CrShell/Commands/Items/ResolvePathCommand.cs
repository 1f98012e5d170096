using System.Management.Automation;

namespace CrShell.Commands.Items;

/// <summary>Resolve-Path: the items that a path with wildcards names.</summary>
[Cmdlet(VerbsDiagnostic.Resolve, "Path", DefaultParameterSetName = "Path")]
[OutputType(typeof(PathInfo))]
public sealed class ResolvePathCommand : PathCommand
{
    [Parameter]
    public SwitchParameter Relative { get; set; }

    protected override void Process(string path)
    {
        var resolved = SessionState.Path.GetResolvedPSPathFromPSPath(Literal ? WildcardPattern.Escape(path) : path);
        foreach (var info in resolved)
            WriteObject(Relative ? "./" + System.IO.Path.GetRelativePath(SessionState.Path.CurrentFileSystemLocation.ProviderPath, info.ProviderPath) : info);
    }
}
