using System.Management.Automation;
using System.Text;
using CrCore;
using CrCore.Image;
using CrCore.Inspection;
using CrModule.Pipeline;

namespace CrModule.Commands;

/// <summary>Looks for text, bytes or a regular expression in the pages of an image.</summary>
[Cmdlet(VerbsCommon.Search, "CrImageMemory", DefaultParameterSetName = LiteralPathSet)]
[OutputType(typeof(CrMemoryMatch))]
public sealed class SearchCrImageMemoryCommand : ImageTaskCommand
{
    private MemoryPattern? _pattern;

    /// <summary>Text to look for.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    public string? Text { get; set; }

    /// <summary>Bytes to look for.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public byte[]? Byte { get; set; }

    /// <summary>A regular expression over bytes.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Regex { get; set; }

    /// <summary>How the text is encoded in memory.</summary>
    [Parameter]
    [ValidateSet("UTF8", "Unicode", "Latin1")]
    public string Encoding { get; set; } = "UTF8";

    /// <summary>Tell upper case from lower case.</summary>
    [Parameter]
    public SwitchParameter CaseSensitive { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        if ((Text is null ? 0 : 1) + (Byte is null ? 0 : 1) + (Regex is null ? 0 : 1) != 1)
            Throw(new CrArgumentException("CrPatternNotUnique", "Give exactly one of -Text, -Byte and -Regex.", "Several patterns can be joined into one regular expression with |."), null);
        try
        {
            _pattern = Text is not null ? MemoryPattern.OfText(Text, EncodingOf(Encoding), !CaseSensitive)
                : Byte is not null ? MemoryPattern.OfBytes(Byte)
                : MemoryPattern.OfRegex(Regex!, !CaseSensitive);
        }
        catch (CrException e)
        {
            Throw(e, Text ?? Regex);
        }
    }

    private protected override void ProcessImage(string path)
    {
        if (!TryOpen(path, out var image))
            return;
        if (IsTooOld(image, "whose memory cannot be searched", PagesAdvice))
            return;
        var everywhere = VPid.Length == 0 && Comm.Length == 0;
        var wanted = Wanted(path, image.Model).ToHashSet();
        using var progress = new ShownProgress(this, "Search", path);
        var search = new MemorySearch(image, _pattern!, progress.Report);
        TryStream(path, () => search.Find(wanted.Contains, everywhere, StopToken), match => WriteObject(new CrMemoryMatch(path, match)));
    }

    private static Encoding EncodingOf(string name) => name switch
    {
        "Unicode" => System.Text.Encoding.Unicode,
        "Latin1" => System.Text.Encoding.Latin1,
        _ => System.Text.Encoding.UTF8,
    };
}
