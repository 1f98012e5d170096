using System.Diagnostics;
using System.Management.Automation;
using CrModule;
using Xunit;

namespace CrProperty.Module;

/// <summary>FIFOs where a file is due, and FIFOs that nobody writes to: nothing may hang for good.</summary>
public sealed class PipeImageTests : IDisposable
{
    // Far beyond what any of them takes: it ends a hang and measures nothing.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    private readonly ScratchFolder _folder = new();

    public PipeImageTests()
    {
        RichImage.Write(_folder.File("first.cr"));
        using var made = Process.Start("mkfifo", [_folder.File("fifo"), _folder.File("pipekey")]);
        made.WaitForExit();
        File.WriteAllBytes(_folder.File("key"), new byte[32]);
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>Commands that read at any place of an image say so at once, whether somebody writes or not.</summary>
    [Theory]
    [InlineData("Get-CrImageMapping -LiteralPath $f/fifo")]
    [InlineData("Get-CrImageFile -LiteralPath $f/fifo")]
    [InlineData("Get-CrImageRecord -LiteralPath $f/fifo")]
    [InlineData("Measure-CrImage $f/fifo")]
    [InlineData("Read-CrImageMemory $f/fifo -VPid 1 -Address 1")]
    [InlineData("Search-CrImageMemory $f/fifo x")]
    [InlineData("Compare-CrImage $f/fifo $f/first.cr")]
    [InlineData("Compare-CrImage $f/first.cr $f/fifo")]
    [InlineData("Convert-CrImage $f/fifo $f/new.cr -DropMemory")]
    [InlineData("Protect-CrImage $f/fifo $f/new.cr -KeyFile $f/key")]
    [InlineData("Export-CrCoreDump $f/fifo $f/core")]
    [InlineData("Export-CrImageReport $f/fifo $f/page.html")]
    [InlineData("Invoke-CrImageFuzz $f/fifo -Count 1")]
    public void What_needs_a_file_refuses_a_pipe(string line)
    {
        var outcome = Finish(line);
        Assert.Equal(("CrImageNotAFile", ErrorCategory.InvalidArgument), (outcome.ErrorId, outcome.Category));
        Assert.NotEmpty(outcome.Errors[0].ErrorDetails.RecommendedAction);
        Assert.Equal(["fifo", "first.cr", "key", "pipekey"], Files());
    }

    [Fact]
    public void A_plan_is_not_read_from_a_pipe()
        => Assert.Equal("CrPlanUnreadable", Finish("New-CrTreePlan -LiteralPath $f/fifo").ErrorId);

    [Theory]
    [InlineData("$f/fifo")]
    [InlineData("/dev/null")]
    public void A_pid_file_does_not_replace_what_is_no_file(string path)
    {
        Assert.Equal("CrPidFileNotWritable", Finish($"Restore-ProcessTree $f/first.cr -PidFile {path}").ErrorId);
        Assert.Equal(["fifo", "first.cr", "key", "pipekey"], Files());
    }

    /// <summary>Those that read from front to end wait for the writer, as cat(1) does, until Ctrl+C.</summary>
    [Theory]
    [InlineData("Get-CrImageHeader $f/fifo")]
    [InlineData("Get-CrImageTask $f/fifo")]
    [InlineData("Test-CrImage $f/fifo")]
    [InlineData("Test-CrImage $f/fifo -Restore")]
    [InlineData("Restore-ProcessTree $f/fifo")]
    [InlineData("Unprotect-CrImage $f/fifo $f/new.cr -KeyFile $f/key")]
    [InlineData("Get-CrImageHeader $f/first.cr -KeyFile $f/pipekey")]
    [InlineData("Protect-CrImage $f/first.cr $f/new.cr -KeyFile $f/pipekey")]
    public void A_wait_for_a_writer_can_be_stopped(string line)
    {
        using var session = new ModuleSession();
        using var shell = session.Prepare("$f = $args[0]; " + line, _folder.Path);
        var run = shell.BeginInvoke();
        // Whether it waits already or is still on its way there must not matter.
        Thread.Sleep(300);
        Assert.False(run.IsCompleted);
        Assert.True(shell.BeginStop(null, null).AsyncWaitHandle.WaitOne(Limit), "the command did not stop");
        Assert.Equal(PSInvocationState.Stopped, shell.InvocationStateInfo.State);
        Assert.Equal(["fifo", "first.cr", "key", "pipekey"], Files());
    }

    /// <summary>The same, where a writer is there and says nothing.</summary>
    [Fact]
    public void A_wait_for_a_silent_writer_can_be_stopped()
    {
        using var silent = new FileStream(_folder.File("fifo"), FileMode.Open, FileAccess.ReadWrite);
        A_wait_for_a_writer_can_be_stopped("Test-CrImage $f/fifo");
    }

    [Theory]
    [InlineData("Get-CrImageHeader $f/fifo")]
    [InlineData("Restore-ProcessTree $f/fifo")]
    public void A_writer_that_goes_without_a_word_has_written_no_image(string line)
    {
        using var session = new ModuleSession();
        using var shell = session.Prepare("$f = $args[0]; " + line, _folder.Path);
        var run = shell.BeginInvoke();
        using (new FileStream(_folder.File("fifo"), FileMode.Open, FileAccess.Write))
        {
        }
        Assert.True(run.AsyncWaitHandle.WaitOne(Limit), "the command did not end");
        var error = Assert.Single(shell.Streams.Error);
        Assert.Equal(ErrorCategory.InvalidData, error.CategoryInfo.Category);
        Assert.NotEmpty(error.ErrorDetails.RecommendedAction);
    }

    [Fact]
    public void An_image_and_a_key_come_through_pipes()
    {
        var image = File.ReadAllBytes(_folder.File("first.cr"));
        using var session = new ModuleSession();
        using var shell = session.Prepare("$f = $args[0]; Protect-CrImage $f/first.cr $f/hidden.cr -KeyFile $f/key; Get-CrImageTask $f/fifo; Get-CrImageTask $f/hidden.cr -KeyFile $f/pipekey", _folder.Path);
        var run = shell.BeginInvoke();
        foreach (var (name, bytes) in ((string, byte[])[])[("fifo", image), ("pipekey", new byte[32])])
        {
            using var pipe = new FileStream(_folder.File(name), FileMode.Open, FileAccess.Write);
            try
            {
                pipe.Write(bytes);
            }
            catch (IOException)
            {
                // The tasks are in the image's first part; its reader may have gone before the last.
            }
        }
        Assert.True(run.AsyncWaitHandle.WaitOne(Limit), "the commands did not end");
        Assert.Empty(shell.Streams.Error);
        Assert.Equal(5, shell.EndInvoke(run).Count); // what was encrypted, and twice two tasks
    }

    [Fact]
    public void What_an_image_says_of_itself_comes_through_a_pipe_with_all_but_its_length()
    {
        using var session = new ModuleSession();
        using var shell = session.Prepare("$f = $args[0]; Get-CrImageHeader $f/fifo; Get-CrImageHeader $f/first.cr", _folder.Path);
        var run = shell.BeginInvoke();
        using (var pipe = new FileStream(_folder.File("fifo"), FileMode.Open, FileAccess.Write))
            pipe.Write(File.ReadAllBytes(_folder.File("first.cr")));
        Assert.True(run.AsyncWaitHandle.WaitOne(Limit), "the commands did not end");
        Assert.Empty(shell.Streams.Error);
        var headers = shell.EndInvoke(run).Select(o => (CrImageHeader)o.BaseObject).ToList();
        Assert.Equal([null, new FileInfo(_folder.File("first.cr")).Length], headers.Select(h => h.Length));
        Assert.Equal(headers[1].ImageId, headers[0].ImageId);
        Assert.False(headers[0].IsEncrypted);
    }

    /// <summary>Tab on a pipe's tasks neither waits nor takes anything.</summary>
    [Fact]
    public async Task Completion_does_not_wait_for_a_writer()
    {
        using var session = new ModuleSession();
        await Task.Run(() => session.Complete($"Get-CrImageTask {_folder.File("fifo")} -VPid ")).WaitAsync(Limit);
    }

    private Outcome Finish(string line)
    {
        using var session = new ModuleSession();
        var run = Task.Run(() => session.Run("$f = $args[0]; " + line, _folder.Path));
        Assert.True(run.Wait(Limit), "the command did not end");
        return run.Result;
    }

    private IEnumerable<string> Files() => Directory.GetFiles(_folder.Path).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal);
}
