using System.Management.Automation;
using System.Security;
using CrCore;
using CrCore.Image;
using CrCore.Inspection;
using CrModule.Completion;
using CrModule.Pipeline;

namespace CrModule.Commands;

/// <summary>Tells how two images differ.</summary>
[Cmdlet(VerbsData.Compare, "CrImage")]
[OutputType(typeof(CrImageDifference))]
public sealed class CompareCrImageCommand : CrCmdlet, IDisposable
{
    private readonly ImageSecret _secret = new();

    /// <summary>The first image.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImagePathCompleter))]
    public string ReferencePath { get; set; } = "";

    /// <summary>The images to compare with the first.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "Path", "FullName")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImagePathCompleter))]
    public string[] DifferencePath { get; set; } = [];

    /// <summary>What differences are about.</summary>
    [Parameter]
    public DifferenceKind[] Kind { get; set; } = [];

    /// <summary>Compare the contents of memory, too.</summary>
    [Parameter]
    public SwitchParameter IncludePage { get; set; }

    /// <summary>The file of the key that both images were encrypted with.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
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
        foreach (var path in DifferencePath)
            Compare(path);
    }

    private void Compare(string given)
    {
        if (!TryHere(ReferencePath, () => FileSystemPath.Unresolved(this, ReferencePath), out var first) || !TryHere(given, () => FileSystemPath.Unresolved(this, given), out var second))
            return;
        if (!TryHere(first, () => ImageFile.Open(first, key: _secret.Of(this, KeyFile, Passphrase)), out var reference))
            return;
        using (reference)
        {
            if (!TryHere(second, () => ImageFile.Open(second, key: _secret.Of(this, KeyFile, Passphrase)), out var difference))
                return;
            using (difference)
                Compare(reference, difference);
        }
    }

    private void Compare(ImageFile reference, ImageFile difference)
    {
        if (IncludePage && Math.Min(reference.Model.Head.Revision, difference.Model.Head.Revision) < ImageFormat.Revision)
        {
            WriteError(new CrArgumentException("CrImageRevisionTooOld", "Pages of images of revision 3 cannot be compared.", "Leave -IncludePage out.", CrErrorKind.NotSupported), ReferencePath);
            return;
        }
        TryStream(difference.Path, () => new ImageComparison(reference, difference).Compare(IncludePage, StopToken), d =>
        {
            if (Kind.Length == 0 || Array.IndexOf(Kind, d.Kind) >= 0)
                WriteObject(new CrImageDifference(reference.Path, difference.Path, d));
        });
    }
}
