using System.Management.Automation;

namespace CrShell.Commands.Items;

/// <summary>Get-Item: the item itself, of any provider.</summary>
[Cmdlet(VerbsCommon.Get, "Item", DefaultParameterSetName = "Path")]
public sealed class GetItemCommand : PathCommand
{
    [Parameter]
    public SwitchParameter Force { get; set; }

    protected override void Process(string path)
        => WriteObject(InvokeProvider.Item.Get([path], Force, Literal), enumerateCollection: true);
}
