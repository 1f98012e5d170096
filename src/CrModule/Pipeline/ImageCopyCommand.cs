using System.Diagnostics;
using System.Management.Automation;
using CrCore;
using CrCore.Protection;
using CrModule.Completion;

namespace CrModule.Pipeline;

/// <summary>A command that makes a new image from each that it is given: -DestinationPath, -Force, ShouldProcess.</summary>
public abstract class ImageCopyCommand : ImagePathCommand
{
    private readonly HashSet<string> _written = new(StringComparer.Ordinal);

    /// <summary>The new image, or a directory for it.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImagePathCompleter))]
    public string DestinationPath { get; set; } = "";

    /// <summary>Replace a file that exists.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    private protected abstract string Action { get; }

    /// <returns>The new file's length.</returns>
    private protected abstract long Copy(string path, string destination, Action<long, long> progress, ICrLog log, CancellationToken cancel);

    /// <param name="purpose">What the key is for, as a verb.</param>
    private protected ImageKey RequiredKey(string purpose)
        => Key ?? throw new CrArgumentException("CrKeyMissing", $"Nothing is given to {purpose} with.", "Give -KeyFile or -Passphrase.");

    private protected override void ProcessImage(string path)
    {
        if (!TryHere(path, () => DestinationOf(path), out var destination))
            return;
        if (!ShouldProcess($"{path} to {destination}", Action))
            return;
        var started = Stopwatch.GetTimestamp();
        if (!TryRun(path, (log, progress, cancel) =>
        {
            log.Verbose($"{Action}: '{path}' is read, '{destination}' is written.");
            var written = Copy(path, destination, (done, total) => progress.Report(new(Action, path, done, total)), log, cancel);
            log.Debug($"'{destination}' has {written} bytes, which are on disk; it took {Stopwatch.GetElapsedTime(started).TotalMilliseconds:0.0} ms.");
            return written;
        }, out var length))
            return;
        _written.Add(destination);
        WriteObject(new CrImageCopy(path, destination, new FileInfo(path).Length, length, Stopwatch.GetElapsedTime(started)));
    }

    private string DestinationOf(string path)
    {
        var destination = FileSystemPath.FileOrIn(this, DestinationPath, System.IO.Path.GetFileName(path));
        return _written.Contains(destination)
            ? throw new CrArgumentException("CrPathNotUnique", $"'{destination}' holds another image of this command already; '{path}' was left alone.", "Give a directory as -DestinationPath.") { Object = destination }
            : destination;
    }
}
