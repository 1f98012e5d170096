using System.Management.Automation;
using System.Text;
using CrShell.Commands.Items;
using Microsoft.PowerShell.Commands.Internal.Format;

namespace CrShell.Commands.Format;

/// <summary>Out-File, which is also what <c>&gt;</c> and <c>&gt;&gt;</c> use: formatted text, UTF-8 without a mark.</summary>
[Cmdlet(VerbsData.Out, "File", SupportsShouldProcess = true, DefaultParameterSetName = "Path")]
public sealed class OutFileCommand : FrontEndCommandBase
{
    private StreamWriter? _writer;

    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Path")]
    [Alias("Path")]
    public string FilePath { get; set; } = "";

    [Parameter(Mandatory = true, ParameterSetName = "LiteralPath")]
    [Alias("PSPath", "LP")]
    public string LiteralPath { get; set; } = "";

    /// <summary>utf8 (also utf8NoBOM), utf8BOM, ascii, unicode.</summary>
    [Parameter(Position = 1)]
    public string Encoding { get; set; } = "utf8";

    [Parameter]
    public SwitchParameter Append { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    [Parameter]
    [Alias("NoOverwrite")]
    public SwitchParameter NoClobber { get; set; }

    [Parameter]
    [ValidateRange(2, int.MaxValue)]
    public int? Width { get; set; }

    [Parameter]
    public SwitchParameter NoNewline { get; set; }

    protected override void BeginProcessing()
    {
        var path = GetUnresolvedProviderPathFromPSPath(FilePath.Length > 0 ? FilePath : LiteralPath);
        TextWriter writer = TextWriter.Null;
        if (ShouldProcess(path))
        {
            try
            {
                var mode = Append ? FileMode.Append : NoClobber ? FileMode.CreateNew : FileMode.Create;
                writer = _writer = new StreamWriter(new FileStream(path, mode, FileAccess.Write, FileShare.ReadWrite), FileContent.EncodingOf(Encoding));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                ThrowTerminatingError(new ErrorRecord(e, "FileOpenFailure", ErrorCategory.OpenError, path));
            }
        }
        EngineFormatting.UseWriter(this, writer, Width ?? EngineFormatting.WidthOf(Host), NoNewline);
        base.BeginProcessing();
    }

    protected override void EndProcessing()
    {
        base.EndProcessing();
        _writer?.Dispose();
    }

    protected override void InternalDispose()
    {
        base.InternalDispose();
        _writer?.Dispose();
    }
}
