using System.Diagnostics.CodeAnalysis;
using System.Management.Automation;
using CrCore;

namespace CrModule.Pipeline;

/// <summary>What every command of the module shares: cancellation by Ctrl+C, the engine's streams, errors.</summary>
public abstract class CrCmdlet : PSCmdlet
{
    // Never disposed on purpose: StopProcessing may come from another thread after the pipeline has ended,
    // and a source without timer or wait handle holds nothing that the collector does not free.
    private readonly CancellationTokenSource _stop = new();

    private protected CancellationToken StopToken => _stop.Token;

    /// <summary>
    /// The program's standard output is taken by an image. Hosts write warnings there (pwsh does, too), where they would spoil
    /// it: they go to standard error instead.
    /// </summary>
    private protected bool IsOutputTaken { get; set; }

    private protected void Warn(string text)
    {
        if (!IsOutputTaken)
            WriteWarning(text);
        else if (Wanted("WarningAction", "WarningPreference"))
            Console.Error.WriteLine("WARNING: " + text);
    }

    /// <summary>Ctrl+C: the engine is asked to undo its work; the pipeline's thread waits until it has.</summary>
    protected override void StopProcessing() => _stop.Cancel();

    /// <summary>
    /// Runs the engine and writes its error, if any, as a non-terminating one, so that the next item has its turn.
    /// </summary>
    /// <param name="target">The error record's TargetObject.</param>
    /// <returns>Whether <paramref name="result"/> holds a result.</returns>
    private protected bool TryRun<T>(object? target, Func<ICrLog, IProgress<CrProgress>, CancellationToken, T> work, [MaybeNullWhen(false)] out T result)
    {
        var pump = new PipelinePump(this, Wanted("Verbose", "VerbosePreference"), Wanted("Debug", "DebugPreference"));
        using var trace = pump.DebugEnabled ? new EngineTrace(pump.Debug) : null;
        return TryHere(target, () => pump.Run(() => work(pump, pump, StopToken), _stop), out result);
    }

    /// <summary>
    /// Writes what the engine finds, one by one as it is found. The engine works on the pipeline's thread here: looking into an
    /// image needs no other. An error ends the list, not the command.
    /// </summary>
    /// <param name="target">The error record's TargetObject.</param>
    /// <returns>Whether the list came to its end.</returns>
    private protected bool TryStream<T>(object? target, Func<IEnumerable<T>> open, Action<T> write)
    {
        IEnumerator<T>? items = null;
        try
        {
            while (true)
            {
                // Only the engine's own exceptions are its errors: those of write belong to the pipeline.
                if (!TryHere(target, () => (items ??= open().GetEnumerator()).MoveNext(), out var more))
                    return false;
                if (!more)
                    return true;
                write(items!.Current);
                if (Stopping)
                    throw new PipelineStoppedException();
            }
        }
        finally
        {
            items?.Dispose();
        }
    }

    /// <summary>As <see cref="TryRun"/>, for short work on the pipeline's own thread.</summary>
    private protected bool TryHere<T>(object? target, Func<T> work, [MaybeNullWhen(false)] out T result)
    {
        try
        {
            result = work();
            return true;
        }
        catch (OperationCanceledException) when (Stopping)
        {
            throw new PipelineStoppedException();
        }
        catch (CrException e)
        {
            WriteError(ErrorRecords.From(e, target));
        }
        catch (Exception e) when (e is not (RuntimeException or OutOfMemoryException))
        {
            WriteError(ErrorRecords.Unexpected(e, target));
        }
        result = default;
        return false;
    }

    private protected void WriteError(CrException error, object? target) => WriteError(ErrorRecords.From(error, target));

    [DoesNotReturn]
    private protected void Throw(CrException error, object? target)
    {
        ThrowTerminatingError(ErrorRecords.From(error, target));
        throw error;
    }

    /// <summary>Whether a common parameter, or else the variable that stands for it, asks for something to be written.</summary>
    private protected bool Wanted(string parameter, string preference)
        => MyInvocation.BoundParameters.TryGetValue(parameter, out var bound)
            ? bound is SwitchParameter { IsPresent: true } or true or ActionPreference and not (ActionPreference.SilentlyContinue or ActionPreference.Ignore)
            : preference.Length > 0 && GetVariableValue(preference) is not (null or ActionPreference.SilentlyContinue or ActionPreference.Ignore);
}
