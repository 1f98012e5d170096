using System.Management.Automation;

namespace CrShell.Commands.Data;

/// <summary>Get-Date: now or a given time, as a DateTime or formatted.</summary>
[Cmdlet(VerbsCommon.Get, "Date")]
[OutputType(typeof(DateTime), typeof(string))]
public sealed class GetDateCommand : PSCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true)]
    public DateTime? Date { get; set; }

    /// <summary>A .NET format.</summary>
    [Parameter]
    public string? Format { get; set; }

    [Parameter]
    public SwitchParameter AsUTC { get; set; }

    protected override void ProcessRecord()
    {
        var time = Date ?? DateTime.Now;
        if (AsUTC)
            time = time.ToUniversalTime();
        WriteObject(Format is null ? time : time.ToString(Format));
    }
}
