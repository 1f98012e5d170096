using System.Management.Automation;
using System.Text;
using CrCore;
using CrCore.Conversion;
using CrCore.Image;
using CrCore.Inspection;
using CrModule.Pipeline;

namespace CrModule.Commands;

/// <summary>Writes images anew: with another compression, without memory, without what nobody else should see.</summary>
[Cmdlet(VerbsData.Convert, "CrImage", DefaultParameterSetName = LiteralPathSet, SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(CrImageCopy))]
public sealed class ConvertCrImageCommand : ImageCopyCommand
{
    private readonly List<MemoryPattern> _redact = [];

    /// <summary>How pages are stored; without it, as they are.</summary>
    [Parameter]
    public PageCodec? Compression { get; set; }

    /// <summary>0 for the codec's own default.</summary>
    [Parameter]
    [ValidateRange(-7, 19)]
    public int CompressionLevel { get; set; }

    /// <summary>Leave all memory out.</summary>
    [Parameter]
    public SwitchParameter DropMemory { get; set; }

    /// <summary>Texts to overwrite.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] Redact { get; set; } = [];

    /// <summary>Regular expressions of what to overwrite.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] RedactRegex { get; set; } = [];

    private protected override string Action => "Convert";

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        try
        {
            var (least, most) = PageCompression.Levels(Compression ?? PageCodec.None);
            if (CompressionLevel < least || CompressionLevel > most)
                throw new CrArgumentException("CrCompressionLevel", $"{Compression?.ToString() ?? "No compression"} has no level {CompressionLevel}.",
                    most == 0 ? "Give -Compression Lz4 or Zstd with it." : $"Give one from {least} to {most}.") { Object = "-CompressionLevel" };
            foreach (var text in Redact)
            {
                _redact.Add(MemoryPattern.OfText(text, Encoding.UTF8, ignoreAsciiCase: false));
                _redact.Add(MemoryPattern.OfText(text, Encoding.Unicode, ignoreAsciiCase: false));
            }
            foreach (var pattern in RedactRegex)
                _redact.Add(MemoryPattern.OfRegex(pattern, ignoreCase: false));
        }
        catch (CrException e)
        {
            Throw(e, e.Object);
        }
    }

    private protected override long Copy(string path, string destination, Action<long, long> progress, ICrLog log, CancellationToken cancel)
    {
        var options = new ConversionOptions
        {
            Compression = Compression is { } codec ? new PageCompression(codec, CompressionLevel) : null,
            DropMemory = DropMemory,
            Redact = _redact,
            Key = Key,
            Overwrite = Force,
        };
        var result = new ImageConversion(options, progress).Run(path, destination, cancel);
        if (_redact.Count > 0)
            log.Verbose($"{result.Redacted} places were overwritten.");
        return result.Length;
    }
}
