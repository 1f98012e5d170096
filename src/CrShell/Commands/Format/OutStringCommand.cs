using System.Management.Automation;
using Microsoft.PowerShell.Commands.Internal.Format;

namespace CrShell.Commands.Format;

/// <summary>Out-String: what the formatter would show, as one string, or with -Stream as one string a line.</summary>
[Cmdlet(VerbsData.Out, "String")]
[OutputType(typeof(string))]
public sealed class OutStringCommand : FrontEndCommandBase
{
    private readonly StringWriter _text = new();

    [Parameter]
    public SwitchParameter Stream { get; set; }

    /// <summary>Columns; 2 or more. By default those of the host.</summary>
    [Parameter]
    [ValidateRange(2, int.MaxValue)]
    public int? Width { get; set; }

    [Parameter]
    public SwitchParameter NoNewline { get; set; }

    protected override void BeginProcessing()
    {
        TextWriter writer = Stream ? new LineWriter(line => WriteObjectCall(line)) : _text;
        EngineFormatting.UseWriter(this, writer, Width ?? EngineFormatting.WidthOf(Host), NoNewline);
        base.BeginProcessing();
    }

    protected override void EndProcessing()
    {
        base.EndProcessing();
        if (!Stream)
            WriteObject(_text.ToString());
    }

    protected override void InternalDispose()
    {
        base.InternalDispose();
        _text.Dispose();
    }
}
