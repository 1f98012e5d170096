using System.Management.Automation;

namespace CrShell.Commands.Items;

/// <summary>Get-ChildItem: what a container holds. -Filter, -Include and -Exclude match the names with wildcards.</summary>
[Cmdlet(VerbsCommon.Get, "ChildItem", DefaultParameterSetName = "Path")]
public sealed class GetChildItemCommand : PathCommand
{
    [Parameter(Position = 1)]
    public string? Filter { get; set; }

    [Parameter]
    public string[] Include { get; set; } = [];

    [Parameter]
    public string[] Exclude { get; set; } = [];

    [Parameter]
    [Alias("s")]
    public SwitchParameter Recurse { get; set; }

    [Parameter]
    public uint? Depth { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    [Parameter]
    public SwitchParameter Name { get; set; }

    [Parameter]
    public SwitchParameter File { get; set; }

    [Parameter]
    [Alias("ad")]
    public SwitchParameter Directory { get; set; }

    protected override void ProcessRecord()
    {
        if (Given.Length == 0)
            Path = ["."];
        base.ProcessRecord();
    }

    protected override void Process(string path)
    {
        var recurse = Recurse || Depth is not null;
        var items = InvokeProvider.ChildItem.Get([path], recurse, Depth ?? uint.MaxValue, Force, Literal);
        foreach (var item in items)
        {
            var name = item.Properties["PSChildName"]?.Value?.ToString() ?? "";
            var container = item.Properties["PSIsContainer"]?.Value is true;
            if ((File && container) || (Directory && !container) || !Matches(name))
                continue;
            WriteObject(Name ? name : item);
        }
    }

    private bool Matches(string name)
        => (Filter is null || Like(name, Filter)) && (Include.Length == 0 || Include.Any(i => Like(name, i))) && !Exclude.Any(e => Like(name, e));

    private static bool Like(string name, string pattern) => WildcardPattern.Get(pattern, WildcardOptions.IgnoreCase).IsMatch(name);
}
