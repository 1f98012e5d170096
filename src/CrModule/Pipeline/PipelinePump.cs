using System.Diagnostics;
using System.Management.Automation;
using System.Runtime.ExceptionServices;
using CrCore;

namespace CrModule.Pipeline;

/// <summary>
/// Runs the engine on a thread of its own and brings what it says back to the pipeline's thread, the only one
/// on which a cmdlet may write.
/// </summary>
/// <param name="cmdlet">Whose streams are written.</param>
/// <param name="verboseEnabled">Whether anybody wants to see the engine's steps.</param>
/// <param name="debugEnabled">Whether debug text is worth building.</param>
internal sealed class PipelinePump(Cmdlet cmdlet, bool verboseEnabled, bool debugEnabled) : ICrLog, IProgress<CrProgress>
{
    /// <summary>Any number serves; it only has to be the same in every record of one command.</summary>
    private const int ActivityId = 1;

    /// <summary>What is over sooner shows no progress: a bar that comes and goes at once is a flicker.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(300);

    // A class: the framework has its collections compiled ahead for references, not for our structures.
    private sealed record Message(bool IsDebug, string Text);

    // Not a BlockingCollection: that ends its last wait by an exception, and before each wait it keeps a processor from the engine.
    private readonly object _gate = new();
    private readonly Queue<Message> _queue = new();
    private readonly long _started = Stopwatch.GetTimestamp();
    private bool _isOver;
    private CrProgress? _latest;
    private ProgressRecord? _shown;

    public bool DebugEnabled { get; } = debugEnabled;

    public void Verbose(string message)
    {
        if (verboseEnabled)
            Post(new Message(false, message));
    }

    public void Debug(string message) => Post(new Message(true, message));

    /// <summary>
    /// Keeps the newest report alone: the engine may report faster than a terminal shows. The pipeline's thread, which looks by itself
    /// when it is time for the first one, is not woken for nothing before.
    /// </summary>
    public void Report(CrProgress value)
    {
        lock (_gate)
        {
            var isNew = _latest is null;
            _latest = value;
            if (isNew && Stopwatch.GetElapsedTime(_started) >= Patience)
                Monitor.Pulse(_gate);
        }
    }

    /// <summary>Runs <paramref name="work"/> to its end and returns what it returns; its exceptions come through as they are.</summary>
    /// <remarks>
    /// When writing fails (the pipeline is being stopped, or a preference turns a message into an error) the work is
    /// cancelled, and this thread still waits for it: the engine undoes its work before anything else happens.
    /// </remarks>
    public T Run<T>(Func<T> work, CancellationTokenSource cancel)
    {
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        // A thread and not a task: it ends with the work, which tracers need, and what it did is known as soon as it is done.
        var thread = new Thread(() =>
        {
            try
            {
                result = work();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
            finally
            {
                End();
            }
        })
        { IsBackground = true };
        thread.Start();

        try
        {
            WriteAll();
            FinishProgress();
        }
        catch
        {
            cancel.Cancel();
            thread.Join();
            throw;
        }
        if (failure is null)
            return result;
        // Its end undoes what the engine could not.
        thread.Join();
        failure.Throw();
        return result;
    }

    /// <summary>Until the work is over. Progress is held back at first.</summary>
    private void WriteAll()
    {
        while (true)
        {
            if (Take(out var isOver) is { } message)
                Write(message);
            else if (isOver)
                return;
            else
                WriteProgress();
        }
    }

    /// <summary>The next message, waited for; null when none will come, or when it is time for progress.</summary>
    private Message? Take(out bool isOver)
    {
        lock (_gate)
        {
            while (true)
            {
                var left = Patience - Stopwatch.GetElapsedTime(_started);
                var isDue = _latest is not null && left <= TimeSpan.Zero;
                isOver = _isOver && _queue.Count == 0 && !isDue;
                if (_queue.TryDequeue(out var message))
                    return message;
                if (isOver || isDue)
                    return null;
                Monitor.Wait(_gate, left > TimeSpan.Zero ? (int)left.TotalMilliseconds + 1 : Timeout.Infinite);
            }
        }
    }

    /// <summary>A thread of the engine that outlives the work by a moment has nobody left to tell.</summary>
    private void Post(Message message)
    {
        lock (_gate)
        {
            if (_isOver)
                return;
            _queue.Enqueue(message);
            Monitor.Pulse(_gate);
        }
    }

    private void End()
    {
        lock (_gate)
        {
            _isOver = true;
            Monitor.Pulse(_gate);
        }
    }

    private void Write(Message message)
    {
        if (message.IsDebug)
            cmdlet.WriteDebug(message.Text);
        else
            cmdlet.WriteVerbose(message.Text);
    }

    private void WriteProgress()
    {
        CrProgress progress;
        lock (_gate)
        {
            progress = _latest ?? default;
            _latest = null;
        }
        _shown = new ProgressRecord(ActivityId, NonEmpty(progress.Activity), NonEmpty(progress.Step))
        {
            PercentComplete = progress.Total > 0 ? (int)Math.Clamp(100.0 * progress.Done / progress.Total, 0, 100) : -1,
        };
        cmdlet.WriteProgress(_shown);
    }

    private void FinishProgress()
    {
        if (_shown is null)
            return;
        _shown.RecordType = ProgressRecordType.Completed;
        cmdlet.WriteProgress(_shown);
    }

    /// <summary>ProgressRecord refuses empty text.</summary>
    private static string NonEmpty(string? text) => string.IsNullOrEmpty(text) ? "..." : text;
}
