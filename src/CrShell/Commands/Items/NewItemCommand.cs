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
            try
            {
                if (Force && FileContent.IsFile(SessionState.Path, full) && (Value is null or string))
                    Replace(GetUnresolvedProviderPathFromPSPath(full));
                else
                    WriteObject(InvokeProvider.Item.New(path, Name ?? "", ItemType ?? "File", Value), enumerateCollection: true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                WriteError(new ErrorRecord(e, "NewItemIOError", ErrorCategory.WriteError, full));
            }
        }
    }

    // The provider's own -Force is out of reach from here: make parents, keep a directory, replace a file.
    private void Replace(string file)
    {
        var directory = "directory".Equals(ItemType, StringComparison.OrdinalIgnoreCase);
        if (!ShouldProcess(file, directory ? "Create Directory" : "Create File"))
            return;
        if (directory)
        {
            WriteObject(Directory.CreateDirectory(file));
            return;
        }
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file) ?? "/");
        File.WriteAllText(file, Value as string ?? "");
        WriteObject(new FileInfo(file));
    }
}
