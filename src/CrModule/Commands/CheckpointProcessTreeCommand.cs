using System.Diagnostics;
using System.Management.Automation;
using System.Security;
using CrCore;
using CrCore.Checkpoint;
using CrCore.Image;
using CrModule.Completion;
using CrModule.Pipeline;

namespace CrModule.Commands;

/// <summary>Freezes a process tree, writes it to an image, and lets it run on or ends it.</summary>
[Cmdlet(VerbsData.Checkpoint, "ProcessTree", DefaultParameterSetName = IdSet, SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(CrImage), typeof(CrCheckpointPreview), typeof(Process))]
public sealed class CheckpointProcessTreeCommand : CheckpointPolicyCommand, IDisposable
{
    // Trees are saved at the end of the pipeline: only then is it known whether one path serves them all.
    private readonly List<CheckpointTarget> _targets = [];
    private readonly ImageSecret _secret = new();

    /// <summary>The image to write; {Id} and {Name} stand for the root, a directory for a name in it.</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = IdSet)]
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = InputObjectSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImagePathCompleter))]
    public string Path { get; set; } = "";

    /// <summary>End the tree once the image is safely on disk.</summary>
    [Parameter]
    public SwitchParameter Stop { get; set; }

    /// <summary>Write all memory while the tree stands still.</summary>
    [Parameter]
    public SwitchParameter NoCopy { get; set; }

    /// <summary>Replace an image that exists.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Write the process instead of the image.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <summary>How pages are stored.</summary>
    [Parameter]
    public PageCodec Compression { get; set; } = new CheckpointOptions().Compression.Codec;

    /// <summary>0 for the codec's own default.</summary>
    [Parameter]
    [ValidateRange(-7, 19)]
    public int CompressionLevel { get; set; }

    /// <summary>In seconds, as Wait-Process -Timeout.</summary>
    [Parameter]
    [ValidateRange(1, 3600)]
    public int FreezeTimeout { get; set; } = (int)new CheckpointOptions().FreezeTimeout.TotalSeconds;

    /// <summary>Encrypt the images with the key in this file.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(FilePathCompleter))]
    public string? KeyFile { get; set; }

    /// <summary>Encrypt the images with this passphrase.</summary>
    [Parameter]
    [ValidateNotNull]
    public SecureString? Passphrase { get; set; }

    /// <inheritdoc/>
    public void Dispose() => _secret.Dispose();

    private CheckpointOptions Options => Policies with
    {
        Stop = Stop,
        NoCopy = NoCopy,
        Overwrite = Force,
        Compression = new(Compression, CompressionLevel),
        FreezeTimeout = TimeSpan.FromSeconds(FreezeTimeout),
        Key = _secret.Of(this, KeyFile, Passphrase, StopToken),
    };

    private protected override void ProcessRoot(CheckpointTarget root) => _targets.Add(root);

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (!TryHere(KeyFile ?? "", () => Options, out var options))
            return;
        var (roots, paths) = Plan();
        for (var i = 0; i < roots.Count && !Stopping; i++)
            Checkpoint(roots[i], paths[i], options);
    }

    /// <summary>Which trees are saved, and where; an error here comes before anything is touched.</summary>
    private (List<CheckpointTarget> Roots, List<string> Paths) Plan()
    {
        try
        {
            var (least, most) = PageCompression.Levels(Compression);
            if (CompressionLevel < least || CompressionLevel > most)
                throw new CrArgumentException("CrCompressionLevel", $"{Compression} has no level {CompressionLevel}.", Compression == PageCodec.None ? "Give -Compression Lz4 or Zstd with it." : $"Give one from {least} to {most}.") { Object = "-CompressionLevel" };
            var roots = TreeRoots.Of(_targets, WriteVerbose);
            var template = ImagePathTemplate.Of(this, Path);
            var paths = roots.ConvertAll(r => template.For(r.Id, r.Name));
            if (new HashSet<string>(paths, StringComparer.Ordinal).Count < paths.Count)
                throw new CrArgumentException("CrPathNotUnique",
                    $"There are {roots.Count} trees ({string.Join(", ", roots)}), but the path '{Path}' names the same image for more than one; nothing was touched.",
                    "Give an existing directory, or put {Id} (and {Name}) into the path.") { Object = Path };
            IsOutputTaken = paths.Exists(PipeDestination.IsStandardOutput);
            if (IsOutputTaken && (Wanted("Verbose", "VerbosePreference") || Wanted("Debug", "DebugPreference") || Wanted("Confirm", "")))
                throw new CrArgumentException("CrOutputTaken", "The standard output is to take the image, and messages would go there, too; nothing was touched.",
                    "Leave -Verbose, -Debug and -Confirm out (and set $VerbosePreference and $DebugPreference to SilentlyContinue), or write to a FIFO.") { Object = Path };
            return (roots, paths);
        }
        catch (CrException e)
        {
            Throw(e, Path);
            throw;
        }
    }

    private void Checkpoint(CheckpointTarget target, string path, CheckpointOptions options)
    {
        var description = $"Checkpoint the process tree of {target} to '{path}' and {(Stop ? "end it" : "let it run on")}.";
        var warning = $"{description[..^1]}?";
        if (!ShouldProcess(description, warning, "Checkpoint-ProcessTree", out var reason))
        {
            if (reason == ShouldProcessReason.WhatIf)
                Preview(target, path, options);
            return;
        }
        if (!TryRun(target.Id, (log, progress, cancel) => new TreeCheckpoint(options, log, progress).RunHere(target.Id, path, cancel), out var result))
            return;
        foreach (var obstacle in result.Warnings)
            Warn(obstacle.ToString());
        if (IsOutputTaken)
            return;
        if (!PassThru)
            WriteObject(new CrImage(result));
        else if (target.Process is { } process)
            WriteObject(process);
    }

    private void Preview(CheckpointTarget target, string path, CheckpointOptions options)
    {
        if (!TryRun(target.Id, (log, progress, cancel) => new TreeCheckpoint(options, log, progress).Preview(target.Id, cancel), out var preview))
            return;
        if (!Force && File.Exists(path))
            preview = preview with { Obstacles = [.. preview.Obstacles, ImageExists(path)] };
        foreach (var obstacle in preview.Obstacles)
            WriteWarning(obstacle.ToString());
        WriteObject(new CrCheckpointPreview(target.Id, path, preview));
    }

    private static Obstacle ImageExists(string path)
        => new("CrImageExists", CrErrorKind.Obstacle, ObstacleSeverity.Error, 0, "", path, "an image exists under this path", "Give another path, or -Force to replace it.");
}
