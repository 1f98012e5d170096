using System.Management.Automation;
using CrCore;
using CrCore.Reporting;
using CrModule.Completion;
using CrModule.Pipeline;

namespace CrModule.Commands;

/// <summary>Writes what is in an image as one HTML page with pictures. Reads no page data.</summary>
[Cmdlet(VerbsData.Export, "CrImageReport", DefaultParameterSetName = LiteralPathSet, SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(FileInfo))]
public sealed class ExportCrImageReportCommand : ImagePathCommand
{
    private const string Extension = ".html";

    private readonly HashSet<string> _written = new(StringComparer.Ordinal);

    /// <summary>The page, or a directory for it.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(FilePathCompleter))]
    public string DestinationPath { get; set; } = "";

    /// <summary>Replace a file that exists.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    private protected override void ProcessImage(string path)
    {
        if (!TryHere(path, () => DestinationOf(path), out var destination) || !TryOpen(path, out var image))
            return;
        if (!ShouldProcess($"{path} to {destination}", "Export report"))
            return;
        if (!TryRun(path, (_, _, cancel) => new ImageReport(image).Write(destination, Force, cancel), out var length))
            return;
        _written.Add(destination);
        WriteVerbose($"The report of '{path}' is in '{destination}', {length} bytes.");
        WriteObject(new FileInfo(destination));
    }

    private string DestinationOf(string path)
    {
        var destination = FileSystemPath.FileOrIn(this, DestinationPath, System.IO.Path.GetFileNameWithoutExtension(path) + Extension);
        return _written.Contains(destination)
            ? throw new CrArgumentException("CrPathNotUnique", $"'{destination}' holds the report of another image of this command already; '{path}' was left alone.", "Give a directory as -DestinationPath.") { Object = destination }
            : destination;
    }
}
