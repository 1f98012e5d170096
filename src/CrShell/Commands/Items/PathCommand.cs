using System.Management.Automation;

namespace CrShell.Commands.Items;

/// <summary>Base of the cmdlets that take existing items by -Path (with wildcards) or -LiteralPath.</summary>
public abstract class PathCommand : PSCmdlet
{
    [Parameter(Position = 0, ParameterSetName = "Path", ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public virtual string[] Path { get; set; } = [];

    [Parameter(Mandatory = true, ParameterSetName = "LiteralPath", ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    public string[] LiteralPath { get; set; } = [];

    protected bool Literal => ParameterSetName == "LiteralPath";

    protected string[] Given => Literal ? LiteralPath : Path;

    protected override void ProcessRecord()
    {
        foreach (var path in Given)
            Guard(path, () => Process(path));
    }

    /// <summary>Called once for every path, as it was given.</summary>
    protected abstract void Process(string path);

    /// <summary>The file paths that a path stands for; an error where there are none.</summary>
    protected IReadOnlyList<string> Files(string path)
    {
        var files = Literal
            ? [SessionState.Path.GetUnresolvedProviderPathFromPSPath(path)]
            : SessionState.Path.GetResolvedProviderPathFromPSPath(path, out _).ToArray();
        return files;
    }

    /// <summary>Does something; what goes wrong with one item is an error of that item and not the end of the command.</summary>
    protected void Guard(string target, Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is IContainsErrorRecord and not PipelineStoppedException and not ActionPreferenceStopException)
        {
            WriteError(new ErrorRecord(((IContainsErrorRecord)e).ErrorRecord, e)); // With the exception itself, so that a catch finds its type.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            WriteError(new ErrorRecord(e, e.GetType().Name, e is IOException ? ErrorCategory.ReadError : ErrorCategory.PermissionDenied, target));
        }
    }
}
