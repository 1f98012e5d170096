using System.Management.Automation;

namespace CrShell.Commands.Output;

/// <summary>Write-Error: a non-terminating error from a message, an exception or a ready record.</summary>
[Cmdlet(VerbsCommunications.Write, "Error", DefaultParameterSetName = "Message")]
public sealed class WriteErrorCommand : PSCmdlet
{
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Message", ValueFromPipeline = true)]
    [AllowEmptyString, AllowNull, Alias("Msg")]
    public string Message { get; set; } = "";

    [Parameter(Mandatory = true, ParameterSetName = "Exception")]
    public Exception? Exception { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = "Record")]
    public ErrorRecord? ErrorRecord { get; set; }

    [Parameter(ParameterSetName = "Message"), Parameter(ParameterSetName = "Exception")]
    public ErrorCategory Category { get; set; } = ErrorCategory.NotSpecified;

    [Parameter(ParameterSetName = "Message"), Parameter(ParameterSetName = "Exception")]
    public string ErrorId { get; set; } = "";

    [Parameter(ParameterSetName = "Message"), Parameter(ParameterSetName = "Exception")]
    public object? TargetObject { get; set; }

    [Parameter]
    public string RecommendedAction { get; set; } = "";

    protected override void ProcessRecord()
    {
        var record = ErrorRecord ?? new ErrorRecord(
            Exception ?? new WriteErrorException(Message), ErrorId.Length > 0 ? ErrorId : DefaultId, Category, TargetObject);
        if (RecommendedAction.Length > 0)
            record.ErrorDetails = new ErrorDetails(Message) { RecommendedAction = RecommendedAction };
        // Shown as an error of the function that called this, not of this cmdlet.
        if (GetVariableValue("MyInvocation") is InvocationInfo { MyCommand: { Name.Length: > 0 } caller })
            record.CategoryInfo.Activity = caller.Name;
        else
            record.CategoryInfo.Activity = "Write-Error";
        WriteError(record);
    }

    private string DefaultId => Exception is null ? "Microsoft.PowerShell.Commands.WriteErrorException" : Exception.GetType().FullName!;

    /// <summary>An error known only by its text.</summary>
    public sealed class WriteErrorException(string message) : Exception(message);
}
