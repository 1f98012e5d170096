using System.Management.Automation;

namespace CrShell.Commands.Items;

/// <summary>Test-Path: whether there is such an item.</summary>
[Cmdlet(VerbsDiagnostic.Test, "Path", DefaultParameterSetName = "Path")]
[OutputType(typeof(bool))]
public sealed class TestPathCommand : PathCommand
{
    /// <summary>Any, Container or Leaf.</summary>
    [Parameter]
    [ValidateSet("Any", "Container", "Leaf"), Alias("Type")]
    public string PathType { get; set; } = "Any";

    [Parameter]
    public SwitchParameter IsValid { get; set; }

    protected override void Process(string path)
    {
        if (IsValid)
        {
            WriteObject(SessionState.Path.IsValid(path));
            return;
        }
        bool exists;
        try
        {
            exists = InvokeProvider.Item.Exists(path, force: true, Literal);
            if (exists && PathType != "Any")
                exists = InvokeProvider.Item.IsContainer(path) == (PathType == "Container");
        }
        catch (Exception e) when (e is System.Management.Automation.DriveNotFoundException or ProviderNotFoundException or ItemNotFoundException)
        {
            exists = false;
        }
        WriteObject(exists);
    }
}
