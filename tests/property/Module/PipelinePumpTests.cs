using System.Management.Automation;
using System.Management.Automation.Runspaces;
using CrCore;
using CrModule.Pipeline;
using Xunit;

namespace CrProperty.Module;

/// <summary>The engine's thread on one side, the pipeline's on the other.</summary>
public sealed class PipelinePumpTests : IDisposable
{
    private readonly RecordingHost _host = new("Yes", 120);
    private readonly Runspace _runspace;

    public PipelinePumpTests()
    {
        var state = InitialSessionState.CreateDefault2();
        state.Commands.Add(new SessionStateCmdletEntry("Invoke-FakeEngine", typeof(FakeEngineCommand), null));
        _runspace = RunspaceFactory.CreateRunspace(_host, state);
        _runspace.Open();
    }

    public void Dispose() => _runspace.Dispose();

    [Fact]
    public void What_the_engine_says_on_any_thread_reaches_the_streams_in_order()
    {
        using var shell = Run("talk", "-Verbose -Debug");
        shell.Invoke();
        Assert.Equal(["step 0", "step 1", "step 2"], shell.Streams.Verbose.Select(v => v.Message));
        Assert.Equal(["detail 0", "detail 1", "detail 2"], shell.Streams.Debug.Select(d => d.Message));
        Assert.False(shell.HadErrors);
    }

    [Fact]
    public void Debug_text_is_not_built_when_nobody_listens()
    {
        using var shell = Run("talk", "-Verbose");
        Assert.Equal(false, shell.Invoke().Single().BaseObject);
        using var listening = Run("talk", "-Debug");
        Assert.Equal(true, listening.Invoke().Single().BaseObject);
    }

    [Fact]
    public void Progress_ends_with_a_completed_record()
    {
        using var shell = Run("progress", "");
        shell.Invoke();
        var last = shell.Streams.Progress[^1];
        Assert.Equal(ProgressRecordType.Completed, last.RecordType);
        Assert.Equal("Counting", last.Activity);
        Assert.Equal(100, last.PercentComplete);
        Assert.True(shell.Streams.Progress.Count >= 2);
    }

    [Fact]
    public void Stopping_the_pipeline_waits_until_the_engine_has_undone_its_work()
    {
        using var shell = Run("block", "");
        var running = shell.BeginInvoke();
        FakeEngineCommand.Started.Wait();
        shell.Stop();
        Assert.True(FakeEngineCommand.Undone.IsSet);
        Assert.ThrowsAny<PipelineStoppedException>(() => shell.EndInvoke(running));
    }

    [Fact]
    public void A_preference_that_makes_a_message_an_error_cancels_the_engine_and_waits_for_it()
    {
        using var shell = Run("talk-then-block", "", "$VerbosePreference = 'Stop'; ");
        Assert.ThrowsAny<RuntimeException>(() => shell.Invoke());
        Assert.True(FakeEngineCommand.Undone.IsSet);
    }

    [Theory]
    [InlineData("fail", "CrFake", ErrorCategory.ObjectNotFound)]
    [InlineData("crash", "CrUnexpected", ErrorCategory.NotSpecified)]
    public void Errors_are_non_terminating_and_bear_id_category_and_target(string how, string id, ErrorCategory category)
    {
        using var shell = Run(how, "; 'went on'");
        Assert.Equal("went on", shell.Invoke().Single().BaseObject);
        var error = Assert.Single(shell.Streams.Error);
        Assert.Equal($"{id},{typeof(FakeEngineCommand).FullName}", error.FullyQualifiedErrorId);
        Assert.Equal(category, error.CategoryInfo.Category);
        Assert.Equal("target", error.TargetObject);
        Assert.NotNull(error.ErrorDetails.RecommendedAction);
    }

    private PowerShell Run(string how, string more, string before = "")
    {
        FakeEngineCommand.Started.Reset();
        FakeEngineCommand.Undone.Reset();
        var shell = PowerShell.Create(_runspace);
        shell.AddScript($"{before}Invoke-FakeEngine {how} {more}");
        return shell;
    }
}

/// <summary>A command whose engine does what the test needs.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "FakeEngine")]
public sealed class FakeEngineCommand : CrCmdlet
{
    internal static readonly ManualResetEventSlim Started = new();
    internal static readonly ManualResetEventSlim Undone = new();

    [Parameter(Mandatory = true, Position = 0)]
    public string How { get; set; } = "";

    protected override void ProcessRecord()
    {
        if (TryRun("target", Work, out var debugEnabled))
            WriteObject(debugEnabled);
    }

    private bool Work(ICrLog log, IProgress<CrProgress> progress, CancellationToken cancel)
    {
        switch (How)
        {
            case "talk":
                for (var i = 0; i < 3; i++)
                {
                    log.Verbose($"step {i}");
                    log.Debug($"detail {i}");
                }
                break;
            case "progress":
                // Longer than progress is held back.
                for (var started = TimeProvider.System.GetTimestamp(); TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromMilliseconds(350); Thread.Sleep(1))
                    for (var i = 0; i < 100; i++)
                        progress.Report(new CrProgress("Counting", "to ten thousand", i, 10_000));
                progress.Report(new CrProgress("Counting", "to ten thousand", 10_000, 10_000));
                break;
            case "block":
                Block(cancel);
                break;
            case "talk-then-block":
                log.Verbose("a word too much");
                Block(cancel);
                break;
            case "fail":
                throw new CrArgumentException("CrFake", "It is not there.", "Look elsewhere.", CrErrorKind.NotFound);
            case "crash":
                throw new FormatException("never meant");
        }
        return log.DebugEnabled;
    }

    private static void Block(CancellationToken cancel)
    {
        Started.Set();
        cancel.WaitHandle.WaitOne();
        Undone.Set();
        cancel.ThrowIfCancellationRequested();
    }
}
