using System.Management.Automation;
using System.Security;
using CrCore;
using CrCore.Image;
using CrCore.Inspection;
using CrModule.Completion;
using CrModule.Pipeline;

namespace CrModule.Commands;

/// <summary>Tells how two images differ.</summary>
[Cmdlet(VerbsData.Compare, "CrImage", DefaultParameterSetName = LiteralPathSet)]
[OutputType(typeof(CrImageDifference))]
public sealed class CompareCrImageCommand : CrCmdlet, IDisposable
{
    // Named and tried as those of ImagePathCommand: objects with a PSPath are taken literally.
    private const string PathSet = "Path", LiteralPathSet = "LiteralPath";

    private readonly ImageSecret _secret = new();

    /// <summary>The first image.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImagePathCompleter))]
    public string ReferencePath { get; set; } = "";

    /// <summary>The images to compare with the first, wildcards allowed.</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = PathSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Path")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [PathArgument]
    [ArgumentCompleter(typeof(ImagePathCompleter))]
    public string[] DifferencePath { get; set; } = [];

    /// <summary>The images to compare with the first, every character meant as it is.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImagePathCompleter))]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>What differences are about.</summary>
    [Parameter]
    public DifferenceKind[] Kind { get; set; } = [];

    /// <summary>Compare the contents of memory, too.</summary>
    [Parameter]
    public SwitchParameter IncludePage { get; set; }

    /// <summary>The file of the key that both images were encrypted with.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(FilePathCompleter))]
    public string? KeyFile { get; set; }

    /// <summary>The passphrase that both images were encrypted with.</summary>
    [Parameter]
    [ValidateNotNull]
    public SecureString? Passphrase { get; set; }

    /// <inheritdoc/>
    public void Dispose() => _secret.Dispose();

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (!TryHere(ReferencePath, () => FileSystemPath.Unresolved(this, ReferencePath), out var first))
            return;
        var literal = ParameterSetName == LiteralPathSet;
        foreach (var given in literal ? LiteralPath : DifferencePath)
            if (TryHere<IReadOnlyList<string>>(given, () => literal ? [FileSystemPath.Unresolved(this, given)] : FileSystemPath.Resolved(this, given), out var images))
                foreach (var second in images)
                    if (!Stopping)
                        Compare(first, second);
    }

    private void Compare(string first, string second)
    {
        if (!TryHere(first, () => ImageFile.Open(first, key: _secret.Of(this, KeyFile, Passphrase, StopToken)), out var reference))
            return;
        using (reference)
        {
            if (!TryHere(second, () => ImageFile.Open(second, key: _secret.Of(this, KeyFile, Passphrase, StopToken)), out var difference))
                return;
            using (difference)
                Compare(reference, difference);
        }
    }

    private void Compare(ImageFile reference, ImageFile difference)
    {
        WriteVerbose($"Comparing '{reference.Path}', {reference.Model.Tasks.Count} tasks, with '{difference.Path}', {difference.Model.Tasks.Count} tasks.");
        WriteDebug($"Metadata of {reference.Model.MetadataLength} bytes, XXH3 {reference.Model.MetadataHash:x16}, and of {difference.Model.MetadataLength} bytes, XXH3 {difference.Model.MetadataHash:x16}.");
        var old = reference.Model.Head.Revision < ImageFormat.Revision ? reference : difference;
        if (IncludePage && old.Model.Head.Revision < ImageFormat.Revision)
        {
            WriteError(new CrArgumentException("CrImageRevisionTooOld", $"'{old.Path}' is an image of revision {old.Model.Head.Revision}, whose pages cannot be compared.", "Leave -IncludePage out.", CrErrorKind.NotSupported) { Object = old.Path }, old.Path);
            return;
        }
        TryStream(difference.Path, () => new ImageComparison(reference, difference).Compare(IncludePage, StopToken), d =>
        {
            if (Kind.Length == 0 || Array.IndexOf(Kind, d.Kind) >= 0)
                WriteObject(new CrImageDifference(reference.Path, difference.Path, d));
        });
    }
}
