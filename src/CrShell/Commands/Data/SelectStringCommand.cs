using System.Management.Automation;
using System.Text.RegularExpressions;
using CrShell.Commands.Objects;

namespace CrShell.Commands.Data;

/// <summary>A line in which Select-String found its pattern.</summary>
public sealed record MatchInfo(string Path, int LineNumber, string Line, string Pattern, Match[] Matches)
{
    /// <summary>Called by the engine's view, with the current location.</summary>
    public string ToEmphasizedString(string directory)
        => Path == SelectStringCommand.Pipeline ? Line : $"{System.IO.Path.GetRelativePath(directory, Path)}:{LineNumber}:{Line}";

    public override string ToString() => Path == SelectStringCommand.Pipeline ? Line : $"{Path}:{LineNumber}:{Line}";
}

/// <summary>Select-String: the lines of files or of the pipeline that match a regular expression.</summary>
[Cmdlet(VerbsCommon.Select, "String", DefaultParameterSetName = "Object")]
[OutputType(typeof(MatchInfo), typeof(bool), typeof(string))]
public sealed class SelectStringCommand : PSCmdlet
{
    internal const string Pipeline = "InputStream";

    private Regex[] _expressions = [];
    private int _line;
    private bool _found;

    [Parameter(Mandatory = true, Position = 0)]
    public string[] Pattern { get; set; } = [];

    [Parameter(Mandatory = true, Position = 1, ParameterSetName = "File", ValueFromPipelineByPropertyName = true)]
    [Alias("LiteralPath", "PSPath")]
    public string[] Path { get; set; } = [];

    [Parameter(ValueFromPipeline = true, ParameterSetName = "Object")]
    [AllowNull, AllowEmptyString]
    public PSObject? InputObject { get; set; }

    [Parameter]
    public SwitchParameter SimpleMatch { get; set; }

    [Parameter]
    public SwitchParameter CaseSensitive { get; set; }

    [Parameter]
    public SwitchParameter NotMatch { get; set; }

    [Parameter]
    public SwitchParameter Quiet { get; set; }

    [Parameter]
    public SwitchParameter Raw { get; set; }

    [Parameter]
    public SwitchParameter List { get; set; }

    protected override void BeginProcessing()
    {
        var options = CaseSensitive ? RegexOptions.None : RegexOptions.IgnoreCase;
        _expressions = Pattern.Select(p => new Regex(SimpleMatch ? Regex.Escape(p) : p, options)).ToArray();
    }

    protected override void ProcessRecord()
    {
        if (ParameterSetName == "Object")
        {
            foreach (var line in InputObject?.ToString().Split('\n') ?? [])
                Look(Pipeline, ++_line, line.TrimEnd('\r'));
            return;
        }
        foreach (var file in Path.SelectMany(p => SessionState.Path.GetResolvedProviderPathFromPSPath(p, out _)).Where(File.Exists))
        {
            var number = 0;
            foreach (var line in File.ReadLines(file))
            {
                if (Look(file, ++number, line) && List)
                    break;
            }
        }
    }

    protected override void EndProcessing()
    {
        if (Quiet)
            WriteObject(_found);
    }

    private bool Look(string path, int number, string line)
    {
        var expression = Array.Find(_expressions, e => e.IsMatch(line));
        if ((expression is null) != NotMatch)
            return false;
        _found = true;
        if (!Quiet)
            WriteObject(Raw ? line : (object)new MatchInfo(path, number, line, expression?.ToString() ?? Pattern[0], expression?.Matches(line).ToArray() ?? []).As(EngineView.Match));
        return true;
    }
}
