using System.Diagnostics;
using System.Management.Automation;
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
    private sealed record Message(bool IsDebug, string? Text);

    // Not a BlockingCollection: that ends its last wait by an exception, and before each wait it keeps a processor from the engine.
    private readonly object _gate = new();
    private readonly Queue<Message> _queue = new();
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

    /// <summary>Keeps the newest report alone: the engine may report faster than a terminal shows.</summary>
    public void Report(CrProgress value)
    {
        lock (_gate)
        {
            if (_latest is null)
                Post(new Message(false, null));
            _latest = value;
        }
    }

    /// <summary>Runs <paramref name="work"/> to its end and returns what it returns; its exceptions come through as they are.</summary>
    /// <remarks>
    /// When writing fails (the pipeline is being stopped, or a preference turns a message into an error) the work is
    /// cancelled, and this thread still waits for it: the engine undoes its work before anything else happens.
    /// </remarks>
    public T Run<T>(Func<T> work, CancellationTokenSource cancel)
    {
        var started = Stopwatch.GetTimestamp();
        var task = Task.Factory.StartNew(() =>
        {
            try
            {
                return work();
            }
            finally
            {
                End();
            }
        }, CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);

        try
        {
            WriteAll(started);
            FinishProgress();
        }
        catch
        {
            cancel.Cancel();
            ((IAsyncResult)task).AsyncWaitHandle.WaitOne();
            _ = task.Exception;
            throw;
        }
        return task.GetAwaiter().GetResult();
    }

    /// <summary>Until the work is over. Progress is held back at first.</summary>
    private void WriteAll(long started)
    {
        var held = false;
        while (true)
        {
            var left = Patience - Stopwatch.GetElapsedTime(started);
            if (held && left <= TimeSpan.Zero)
            {
                held = false;
                WriteProgress();
            }
            if (Take(held ? (int)left.TotalMilliseconds + 1 : Timeout.Infinite, out var isOver) is { } message)
            {
                if (message.Text is null && left > TimeSpan.Zero)
                    held = true;
                else
                    Write(message);
            }
            else if (isOver && !(held && Stopwatch.GetElapsedTime(started) >= Patience))
                return;
        }
    }

    /// <summary>The next message; null when none has come in that time, or none will.</summary>
    private Message? Take(int milliseconds, out bool isOver)
    {
        lock (_gate)
        {
            if (_queue.Count == 0 && !_isOver)
                Monitor.Wait(_gate, milliseconds);
            isOver = _isOver && _queue.Count == 0;
            return _queue.TryDequeue(out var message) ? message : null;
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
        if (message.Text is null)
            WriteProgress();
        else if (message.IsDebug)
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
