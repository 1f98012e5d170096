using System.Management.Automation;

namespace CrShell.Commands.Items;

/// <summary>Remove-Item. A directory that holds something needs -Recurse: where pwsh would ask, this is an error.</summary>
[Cmdlet(VerbsCommon.Remove, "Item", SupportsShouldProcess = true, DefaultParameterSetName = "Path")]
public sealed class RemoveItemCommand : PathCommand
{
    [Parameter]
    public SwitchParameter Recurse { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    protected override void Process(string path)
    {
        foreach (var item in InvokeProvider.Item.Get([path], force: true, Literal))
        {
            var target = item.Properties["PSPath"]?.Value?.ToString() ?? path;
            if (!Recurse && item.BaseObject is DirectoryInfo { LinkTarget: null } directory && directory.EnumerateFileSystemInfos().Any())
            {
                WriteError(new ErrorRecord(
                    new IOException($"'{directory.FullName}' is not empty; remove it with -Recurse."), "DirectoryNotEmpty", ErrorCategory.InvalidOperation, directory));
                continue;
            }
            // Asks for -Confirm and tells -WhatIf by itself.
            InvokeProvider.Item.Remove([target], Recurse, Force, literalPath: true);
        }
    }
}
