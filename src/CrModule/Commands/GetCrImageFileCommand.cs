using System.Management.Automation;
using CrCore.Image;
using CrCore.Inspection;
using CrCore.Objects.Files;
using CrModule.Pipeline;

namespace CrModule.Commands;

/// <summary>Lists the descriptors of an image's tasks, with what they refer to. Reads no page data.</summary>
[Cmdlet(VerbsCommon.Get, "CrImageFile", DefaultParameterSetName = LiteralPathSet)]
[OutputType(typeof(CrImageFile))]
public sealed class GetCrImageFileCommand : ImageTaskCommand
{
    private WildcardPattern[] _names = [];

    // The descriptors of the image looked at last: tasks of one image come down the pipeline one by one.
    private (ImageModel? Image, ImageDescriptors? Files) _last;

    /// <summary>Paths or other names, wildcards allowed.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Name { get; set; } = [];

    /// <summary>Kinds of descriptors.</summary>
    [Parameter]
    public FdType[] Type { get; set; } = [];

    /// <inheritdoc/>
    protected override void BeginProcessing()
        => _names = Array.ConvertAll(Name, n => WildcardPattern.Get(n, WildcardOptions.CultureInvariant));

    private protected override void ProcessImage(string path)
    {
        if (!TryOpen(path, out var image) || !TryHere(path, () => FilesOf(image.Model), out var files))
            return;
        foreach (var task in Wanted(path, image.Model))
            TryStream(path, () => files.List(task), descriptor =>
            {
                var item = new CrImageFile(path, descriptor);
                if (Type.Length > 0 && Array.IndexOf(Type, item.Type) < 0)
                    return;
                if (Name.Length == 0 || Array.IndexOf(Name, item.Name) >= 0 || Array.Exists(_names, n => n.IsMatch(item.Name)))
                    WriteObject(item);
            });
    }

    private ImageDescriptors FilesOf(ImageModel image)
    {
        if (!ReferenceEquals(_last.Image, image))
            _last = (image, new ImageDescriptors(image));
        return _last.Files!;
    }
}
