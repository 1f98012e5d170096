using System.Management.Automation;

namespace CrShell.Commands.Items;

/// <summary>Move-Item, within one provider, which asks for -Confirm by itself.</summary>
[Cmdlet(VerbsCommon.Move, "Item", SupportsShouldProcess = true, DefaultParameterSetName = "Path")]
public sealed class MoveItemCommand : PathCommand
{
    [Parameter(Position = 1)]
    public string Destination { get; set; } = ".";

    [Parameter]
    public SwitchParameter Force { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    protected override void Process(string path)
    {
        var done = InvokeProvider.Item.Move([path], Destination, Force, Literal);
        if (PassThru)
            WriteObject(done, enumerateCollection: true);
    }
}
