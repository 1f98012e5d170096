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
        record.ErrorDetails = new ErrorDetails(Message(error, target)) { RecommendedAction = error.Advice ?? UsualAdvice(error.Kind, error.Id) };
        return record;
    }

    /// <summary>Where the engine has no advice of its own: a script that shows it must never show nothing.</summary>
    internal static string UsualAdvice(CrErrorKind kind, string id) => kind switch
    {
        CrErrorKind.InvalidArgument => $"Give another value; docs/errors.md says of {id} what it may be.",
        CrErrorKind.NotFound => "It may have gone in the meantime: look whether it is still there, and try again.",
        CrErrorKind.PermissionDenied => "Run as the owner or as root; Test-CrHost -Detailed tells which rights this shell has.",
        CrErrorKind.InvalidImage => "Take another copy of the image; Test-CrImage -Detailed tells what is wrong with this one.",
        CrErrorKind.Obstacle => "Remove what is in the way, and try again.",
        CrErrorKind.NotSupported => "docs/supported.md lists what is saved, and under which conditions.",
        CrErrorKind.KernelRefused => "See what the errno means for the call; if it should have worked, report it with the trace of -Debug.",
        CrErrorKind.TargetChanged => "Try again; if it comes back, report it with the trace of -Debug.",
        _ => "This is a defect in CrModule. Report it with the trace of -Debug and the output of `Get-Error`.",
    };

    /// <summary>
    /// The reader and the cipher know no names: they may read from a pipe. Of several images, one wants to know which it was.
    /// </summary>
    private static string Message(CrException error, object? target)
        => error is CrImageException or CrArgumentException { Object: null } && target is string { Length: > 0 } path ? $"{path}: {error.Message}" : error.Message;

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
