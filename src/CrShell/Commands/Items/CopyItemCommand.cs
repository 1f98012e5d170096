using System.Management.Automation;

namespace CrShell.Commands.Items;

/// <summary>Copy-Item, within one provider, which asks for -Confirm by itself.</summary>
[Cmdlet(VerbsCommon.Copy, "Item", SupportsShouldProcess = true, DefaultParameterSetName = "Path")]
public sealed class CopyItemCommand : PathCommand
{
    [Parameter(Position = 1)]
    public string Destination { get; set; } = ".";

    [Parameter]
    public SwitchParameter Recurse { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    protected override void Process(string path)
    {
        var done = InvokeProvider.Item.Copy([path], Destination, Recurse, CopyContainers.CopyTargetContainer, Force, Literal);
        if (PassThru)
            WriteObject(done, enumerateCollection: true);
    }
}
