using System.Diagnostics;
using CrCore;
using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Restore;
using CrProperty.Objects.Files;
using CrProperty.Objects.State;
using Xunit;

namespace CrProperty.Image;

/// <summary>Images that go through a pipe, with no file between.</summary>
public sealed class PipeDestinationTests : IDisposable
{
    private const string Program = """
            import hashlib
            text = [('line %d of a text ' % i) * 20 for i in range(20000)]
            def state(): return hashlib.sha256(''.join(text).encode()).hexdigest()
            before = state()
            wait()
            same(state(), before)
        """;

    private readonly DirectoryInfo _dir = Directory.CreateTempSubdirectory("crpipe-");

    private string Fifo => Path.Combine(_dir.FullName, "fifo");

    public PipeDestinationTests() => Process.Start("mkfifo", [Fifo]).WaitForExit();

    public void Dispose() => _dir.Delete(recursive: true);

    [Theory]
    [InlineData(PageCodec.None)]
    [InlineData(PageCodec.Zstd)]
    public async Task ATreeGoesThroughAPipeAndComesBackThroughOne(PageCodec codec)
    {
        using var program = new SelfCheckingProgram(Program);
        using var bytes = new MemoryStream();
        var reading = Task.Run(() =>
        {
            using var pipe = new FileStream(Fifo, FileMode.Open, FileAccess.Read);
            pipe.CopyTo(bytes);
        });
        var saved = program.Save(new() { Compression = new(codec) }, Fifo);
        await reading.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(saved.Length, bytes.Length);
        Assert.Equal(Fifo, saved.Path);
        var writing = Task.Run(() =>
        {
            using var pipe = new FileStream(Fifo, FileMode.Open, FileAccess.Write);
            bytes.WriteTo(pipe);
        });
        program.Restore(path: Fifo);
        await writing.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal("ok", program.Check());
    }

    /// <summary>As in a pipeline on one machine: the tree has its pids until the last byte has been written.</summary>
    [Fact]
    public async Task ATreeIsRestoredRightFromItsCheckpoint()
    {
        using var program = new StatefulProgram("""
            tell("before", os.getpid())
            await_word("go")
            tell("after", os.getpid())
            """);
        var before = program.Hear("before");
        var saving = Task.Run(() => new TreeCheckpoint(new() { Stop = true }).Run(program.Pid, Fifo));
        Assert.Equal(program.Pid, new TreeRestore(new()).Run(Fifo).Root.Pid);
        await saving.WaitAsync(TimeSpan.FromSeconds(60));
        program.Say("go");
        Assert.Equal(before, program.Hear("after"));
    }

    /// <summary>Who was to be saved must not suffer from a reader that goes away.</summary>
    [Fact]
    public async Task AReaderThatGoesAwayEndsTheCheckpointAndNotTheTree()
    {
        using var program = new SelfCheckingProgram(Program);
        var reading = Task.Run(() =>
        {
            using var pipe = new FileStream(Fifo, FileMode.Open, FileAccess.Read);
            pipe.ReadExactly(new byte[100]);
        });
        var error = Assert.Throws<CrKernelException>(() => new TreeCheckpoint(new() { Stop = true }).Run(program.Pid, Fifo));
        await reading;
        Assert.Equal(("CrImageWriteFailed", Errno.EPIPE), (error.Id, error.Errno));
        Assert.Equal("ok", program.CheckRunning());
    }

    [Fact]
    public void AWaitForAReaderCanBeCancelled()
    {
        using var program = new SelfCheckingProgram(Program);
        using var cancel = new CancellationTokenSource(200);
        Assert.Throws<OperationCanceledException>(() => new TreeCheckpoint(new()).Run(program.Pid, Fifo, cancel.Token));
        Assert.Equal("ok", program.CheckRunning());
    }

    [Fact]
    public void ADescriptorOfAFileIsRefused()
    {
        using var file = File.OpenHandle(Path.Combine(_dir.FullName, "file"), FileMode.Create, FileAccess.Write);
        var path = $"/dev/fd/{file.DangerousGetHandle()}";
        Assert.Equal("CrImageNotAPipe", Assert.Throws<CrArgumentException>(() => PipeDestination.TryOpen(path, default)).Id);
        Assert.Equal("CrImageCreateFailed", Assert.Throws<CrKernelException>(() => PipeDestination.TryOpen("/dev/fd/987654", default)).Id);
        Assert.Null(PipeDestination.TryOpen(Path.Combine(_dir.FullName, "none"), default));
    }
}
