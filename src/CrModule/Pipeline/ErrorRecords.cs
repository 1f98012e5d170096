using System.Management.Automation;
using CrCore;

namespace CrModule.Pipeline;

/// <summary>How the engine's errors become PowerShell's: the one table of categories, and the record's parts.</summary>
internal static class ErrorRecords
{
    /// <summary>The category of each kind of failure.</summary>
    public static ErrorCategory CategoryOf(CrErrorKind kind) => kind switch
    {
        CrErrorKind.InvalidArgument => ErrorCategory.InvalidArgument,
        CrErrorKind.NotFound => ErrorCategory.ObjectNotFound,
        CrErrorKind.PermissionDenied => ErrorCategory.PermissionDenied,
        CrErrorKind.InvalidImage => ErrorCategory.InvalidData,
        CrErrorKind.Obstacle => ErrorCategory.ResourceUnavailable,
        CrErrorKind.NotSupported => ErrorCategory.NotImplemented,
        CrErrorKind.KernelRefused => ErrorCategory.InvalidOperation,
        CrErrorKind.TargetChanged => ErrorCategory.OperationStopped,
        CrErrorKind.Internal => ErrorCategory.NotSpecified,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "This kind of error has no category."),
    };

    /// <param name="error">The engine's error; its id becomes the first part of FullyQualifiedErrorId.</param>
    /// <param name="target">What the command was working on: a process id, a path.</param>
    public static ErrorRecord From(CrException error, object? target)
    {
        var record = new ErrorRecord(error, error.Id, CategoryOf(error.Kind), target);
        var message = Message(error, target);
        if (error.Advice is not null || message != error.Message)
            record.ErrorDetails = new ErrorDetails(message) { RecommendedAction = error.Advice ?? "" };
        return record;
    }

    /// <summary>The reader knows no names: it may read from a pipe. Of several images, one wants to know which it was.</summary>
    private static string Message(CrException error, object? target)
        => error is CrImageException && target is string { Length: > 0 } path ? $"{path}: {error.Message}" : error.Message;

    /// <summary>An error that nobody meant to raise. It keeps its type and stack for a report.</summary>
    public static ErrorRecord Unexpected(Exception error, object? target)
        => new(error, "CrUnexpected", ErrorCategory.NotSpecified, target)
        {
            ErrorDetails = new ErrorDetails($"An unexpected error in CrModule: {error.Message}")
            {
                RecommendedAction = "This is a defect in CrModule. Report it with the output of `Get-Error`.",
            },
        };
}
