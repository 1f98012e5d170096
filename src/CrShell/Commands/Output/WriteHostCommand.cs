using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Host;

namespace CrShell.Commands.Output;

/// <summary>Write-Host: text for the user's eyes. Travels on the information stream, so that a caller can catch it.</summary>
[Cmdlet(VerbsCommunications.Write, "Host")]
public sealed class WriteHostCommand : PSCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromRemainingArguments = true)]
    [Alias("Msg", "Message")]
    public object? Object { get; set; }

    [Parameter]
    public SwitchParameter NoNewline { get; set; }

    [Parameter]
    public object Separator { get; set; } = " ";

    [Parameter]
    public ConsoleColor? ForegroundColor { get; set; }

    [Parameter]
    public ConsoleColor? BackgroundColor { get; set; }

    protected override void ProcessRecord()
    {
        var message = new HostInformationMessage
        {
            Message = Text(Object) ?? "",
            NoNewLine = NoNewline,
            ForegroundColor = ForegroundColor,
            BackgroundColor = BackgroundColor,
        };
        // The tag makes the engine show the record whatever $InformationPreference says (about_Output_Streams).
        WriteInformation(message, ["PSHOST"]);
    }

    private string? Text(object? value) => value switch
    {
        null => null,
        PSObject { BaseObject: not PSCustomObject and var inner } wrapped when inner != (object)wrapped => inner is IEnumerable and not string ? Text(inner) : wrapped.ToString(),
        string text => text,
        IDictionary map => map.ToString(),
        IEnumerable list => string.Join(Separator.ToString(), list.Cast<object?>().Select(Text)),
        _ => LanguagePrimitives.ConvertTo<string>(value),
    };
}
