using System.Management.Automation;
using CrCore.Inspection;
using CrModule.Pipeline;

namespace CrModule.Commands;

/// <summary>Lists what the tasks of an image have mapped. Reads no page data.</summary>
[Cmdlet(VerbsCommon.Get, "CrImageMapping", DefaultParameterSetName = LiteralPathSet)]
[OutputType(typeof(CrImageMapping))]
public sealed class GetCrImageMappingCommand : ImageTaskCommand
{
    private WildcardPattern[] _names = [];

    /// <summary>What is mapped: a file's path, [heap], [stack], …; wildcards allowed.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Name { get; set; } = [];

    /// <summary>Only the mapping that holds this address.</summary>
    [Parameter]
    public ulong? Address { get; set; }

    // A name such as [heap] would be a set of characters to a wildcard pattern: it is compared as it is, too.
    /// <inheritdoc/>
    protected override void BeginProcessing()
        => _names = Array.ConvertAll(Name, n => WildcardPattern.Get(n, WildcardOptions.CultureInvariant));

    private protected override void ProcessImage(string path)
    {
        if (!TryOpen(path, out var image))
            return;
        foreach (var task in Wanted(path, image.Model))
            TryStream(path, () => SavedMappings.Of(task), mapping =>
            {
                if (Address is { } address && (address < mapping.Vma.Start || address >= mapping.Vma.End))
                    return;
                var item = new CrImageMapping(path, task, mapping);
                if (Name.Length == 0 || Array.IndexOf(Name, item.Name) >= 0 || Array.Exists(_names, n => n.IsMatch(item.Name)))
                    WriteObject(item);
            });
    }
}
