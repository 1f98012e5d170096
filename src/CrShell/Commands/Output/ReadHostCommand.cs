using System.Management.Automation;

namespace CrShell.Commands.Output;

/// <summary>Read-Host: one line from the user. End of input gives an empty line, as in pwsh.</summary>
[Cmdlet(VerbsCommunications.Read, "Host")]
public sealed class ReadHostCommand : PSCmdlet
{
    [Parameter(Position = 0, ValueFromRemainingArguments = true)]
    public object? Prompt { get; set; }

    [Parameter]
    public SwitchParameter AsSecureString { get; set; }

    protected override void BeginProcessing()
    {
        if (Prompt is not null)
            Host.UI.Write($"{Prompt}: ");
        WriteObject(AsSecureString ? Host.UI.ReadLineAsSecureString() : Host.UI.ReadLine());
    }
}
