using System.Diagnostics.CodeAnalysis;
using System.Management.Automation;
using System.Security;
using CrCore;
using CrCore.Image;
using CrCore.Protection;
using CrModule.Completion;

namespace CrModule.Pipeline;

/// <summary>A command that works on images that exist: -Path with wildcards, -LiteralPath, pipeline.</summary>
/// <remarks>
/// The default set is the one of LiteralPath: the binder tries it first, so that objects which carry both a Path and
/// a PSPath (files, images) are taken literally, whatever characters their names hold. Text binds to Path all the same,
/// because only Path takes the pipeline by value and has a position.
/// </remarks>
public abstract class ImagePathCommand : CrCmdlet, IDisposable
{
    private readonly ImageSecret _secret = new();
    private ImageFile? _open;

    /// <summary>The file of the key that the images were encrypted with.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(FilePathCompleter))]
    public string? KeyFile { get; set; }

    /// <summary>The passphrase that the images were encrypted with.</summary>
    [Parameter]
    [ValidateNotNull]
    public SecureString? Passphrase { get; set; }

    /// <summary>What opens encrypted images; null where nothing was given.</summary>
    /// <exception cref="CrException">The key file cannot be read, or both were given.</exception>
    private protected ImageKey? Key => _secret.Of(this, KeyFile, Passphrase, StopToken);

    private protected const string PagesAdvice = "Get-CrImageRecord -IncludePage tells where its pages are.";
    private protected const string PathSet = "Path";
    private protected const string LiteralPathSet = "LiteralPath";

    /// <summary>The images, wildcards allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [PathArgument]
    [ArgumentCompleter(typeof(ImagePathCompleter))]
    public string[] Path { get; set; } = [];

    /// <summary>The images, every character meant as it is.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImagePathCompleter))]
    public string[] LiteralPath { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        // Here, because the session's paths are not for the engine's thread to resolve.
        if (!TryHere(KeyFile, () => Key, out _))
            return;
        var literal = ParameterSetName == LiteralPathSet;
        foreach (var path in literal ? LiteralPath : Path)
        {
            IReadOnlyList<string> images;
            try
            {
                images = literal ? [FileSystemPath.Unresolved(this, path)] : FileSystemPath.Resolved(this, path);
            }
            catch (CrException e)
            {
                WriteError(e, path);
                continue;
            }
            foreach (var image in images)
            {
                if (Stopping)
                    return;
                ProcessImage(image);
            }
        }
    }

    /// <summary>
    /// An image that stays open until another is asked for: tasks that come down the pipeline one by one are of one image
    /// mostly. False when it cannot be opened, which has been told then.
    /// </summary>
    private protected bool TryOpen(string path, [MaybeNullWhen(false)] out ImageFile image)
    {
        if (_open?.Path == path)
        {
            image = _open;
            return true;
        }
        _open?.Dispose();
        _open = null;
        if (!TryHere(path, () => ImageFile.Open(path, key: Key), out image))
            return false;
        _open = image;
        TellOf(path, image.Model, image.Length, WriteVerbose, WriteDebug);
        return true;
    }

    /// <summary>PowerShell calls it when the pipeline has ended, however it did.</summary>
    public void Dispose()
    {
        _open?.Dispose();
        _open = null;
        _secret.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>The command's work on one image.</summary>
    /// <param name="path">Absolute and native; the file may have gone or never been.</param>
    private protected abstract void ProcessImage(string path);

    private protected void WriteNoTask(string path, int vpid)
        => WriteError(new CrArgumentException("CrTaskNotFound", $"The image '{path}' has no task {vpid}.", "Get-CrImageTask lists the tasks of an image.", CrErrorKind.NotFound) { Object = path }, vpid);

    /// <summary>Whether an image is of revision 3, whose pages cannot be found by their addresses; that is told then.</summary>
    /// <param name="what">What it keeps from being done, as the rest of a sentence.</param>
    private protected bool IsTooOld(ImageFile image, string what, string advice)
    {
        var revision = image.Model.Head.Revision;
        if (revision >= ImageFormat.Revision)
            return false;
        WriteError(new CrArgumentException("CrImageRevisionTooOld", $"'{image.Path}' is an image of revision {revision}, {what}.", advice, CrErrorKind.NotSupported) { Object = image.Path }, image.Path);
        return true;
    }

    /// <summary>Reads all of an image but its pages; false when it cannot be read, which has been told then.</summary>
    private protected bool TryReadModel(string path, [MaybeNullWhen(false)] out ImageModel model)
        => TryRun(path, (log, _, cancel) =>
        {
            using var reader = ImageReader.Open(path, key: Key, cancel: cancel);
            var read = reader.ReadMetadata(cancel);
            TellOf(path, read, null, log.Verbose, log.Debug);
            return read;
        }, out model);

    private void TellOf(string path, ImageModel image, long? length, Action<string> verbose, Action<string> debug)
    {
        verbose($"'{path}' is an image of {image.Tasks.Count} tasks{(length is null ? "" : $", {length} bytes")}{(Key is null ? "" : ", encrypted")}.");
        debug($"'{path}': revision {image.Head.Revision} by {image.Head.Writer}, id {image.Head.ImageId}, frozen at {image.Head.Created:O}; {image.MetadataLength} bytes of metadata, XXH3 {image.MetadataHash:x16}.");
    }
}
