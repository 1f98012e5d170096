using System.Management.Automation;
using CrCore;
using CrCore.Export;
using CrCore.Image;
using CrModule.Completion;
using CrModule.Pipeline;

namespace CrModule.Commands;

/// <summary>Writes saved tasks as ELF cores, which debuggers open.</summary>
[Cmdlet(VerbsData.Export, "CrCoreDump", DefaultParameterSetName = LiteralPathSet, SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(CrCoreDump))]
public sealed class ExportCrCoreDumpCommand : ImageTaskCommand
{
    private const string DefaultName = "{Name}-{VPid}.core";

    private readonly HashSet<string> _written = new(StringComparer.Ordinal);

    /// <summary>The core, with {VPid} and {Name} for the task, or a directory.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(FilePathCompleter))]
    public string DestinationPath { get; set; } = "";

    /// <summary>Also what is mapped from files and was not changed.</summary>
    [Parameter]
    public SwitchParameter IncludeFile { get; set; }

    /// <summary>Replace files that exist.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    private protected override void ProcessImage(string path)
    {
        if (!TryOpen(path, out var image))
            return;
        if (IsTooOld(image, "of which no cores can be made", "Get-CrImageRecord shows what is in it."))
            return;
        foreach (var task in Wanted(path, image.Model))
        {
            if (Stopping)
                return;
            if (task.Task.IsEnded)
                WriteVerbose($"{task} has ended and has no memory: no core is made of it.");
            else
                Export(image, task);
        }
    }

    private void Export(ImageFile image, TaskImage task)
    {
        if (!TryHere(image.Path, () => PathFor(task), out var path))
            return;
        if (!ShouldProcess($"{task} of {image.Path} to {path}", "Export core"))
            return;
        if (!TryRun(image.Path, (_, progress, cancel) => new CoreDump(image, IncludeFile, (done, total) => progress.Report(new("Export", path, done, total))).Write(task, path, Force, cancel), out var length))
            return;
        _written.Add(path);
        WriteVerbose($"The core of {task} is '{path}', {length} bytes.");
        WriteObject(new CrCoreDump(image.Path, task, path, length));
    }

    private string PathFor(TaskImage task)
    {
        var pattern = FileSystemPath.FileOrIn(this, DestinationPath, DefaultName);
        var path = new ImagePathTemplate(pattern.Replace("{VPid}", "{Id}", StringComparison.OrdinalIgnoreCase)).For(task.VPid, task.Comm);
        return _written.Contains(path)
            ? throw new CrArgumentException("CrPathNotUnique", $"'{path}' holds the core of another task already; {task} was left alone.", "Give a directory, or put {VPid} into the path.") { Object = path }
            : path;
    }
}
