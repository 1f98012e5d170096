using System.Management.Automation;

namespace CrShell.Commands.Items;

/// <summary>New-Item: a file, a directory, a symbolic link, or an item of another provider.</summary>
[Cmdlet(VerbsCommon.New, "Item", SupportsShouldProcess = true)]
public sealed class NewItemCommand : PSCmdlet
{
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    public string[] Path { get; set; } = ["."];

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [AllowEmptyString]
    public string? Name { get; set; }

    [Parameter]
    [Alias("Type")]
    public string? ItemType { get; set; }

    [Parameter(ValueFromPipeline = true)]
    [Alias("Target")]
    public object? Value { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    protected override void ProcessRecord()
    {
        foreach (var path in Path)
        {
            var full = string.IsNullOrEmpty(Name) ? path : SessionState.Path.Combine(path, Name);
            if (!ShouldProcess(full))
                continue;
            var file = FileContent.IsFile(SessionState.Path, full) ? GetUnresolvedProviderPathFromPSPath(full) : null;
            var directory = "directory".Equals(ItemType, StringComparison.OrdinalIgnoreCase);
            try
            {
                // The provider has a -Force of its own for this, which it does not get when called so.
                if (Force && file is not null && directory && Directory.Exists(file))
                {
                    WriteObject(InvokeProvider.Item.Get([full], true, true), enumerateCollection: true);
                    continue;
                }
                if (Force && file is not null && !directory)
                {
                    Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file) ?? "/");
                    File.Delete(file);
                }
                WriteObject(InvokeProvider.Item.New(path, Name ?? "", ItemType ?? "", Value), enumerateCollection: true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                WriteError(new ErrorRecord(e, "NewItemIOError", ErrorCategory.WriteError, full));
            }
        }
    }
}
