using CrModule;
using CrProperty.Trees;
using Xunit;

namespace CrProperty.Module;

/// <summary>
/// How a process ends that the shell has started itself and then saved, as the shell learns it. They run alone: where another child
/// ends while this one stands still, the runtime may take the stop for an end (dotnet/runtime 133736).
/// </summary>
[Collection(LiveTrees.Name)]
public sealed class CheckpointedChildTests : IDisposable
{
    private readonly ScratchFolder _folder = new();
    private readonly ModuleSession _session = new();

    private string ImagePath => _folder.File("x.cr");

    public void Dispose()
    {
        _session.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Stop_ends_the_tree_and_the_shell_learns_how()
    {
        using var live = LiveProcess.Sleep();
        var image = _session.Run("Checkpoint-ProcessTree -Id $args[0] -Path $args[1] -Stop", live.Id, ImagePath).Single<CrImage>();
        Assert.True(image.Stopped);
        live.Process.WaitForExit();
        Assert.Equal(128 + 9, live.Process.ExitCode);
    }

    /// <summary>The script waits without a child of its own, whose end would be one that the tracer sees.</summary>
    [Fact]
    public void A_process_that_this_shell_has_started_still_tells_it_its_exit_code()
    {
        using var script = LiveProcess.Script(_folder, "mkfifo $READY.go; exec 7<>$READY.go; echo > $READY; read -u 7; exit 7");
        for (var i = 0; i < 5; i++)
            _session.Run("Checkpoint-ProcessTree -Id $args[0] -Path $args[1] -Force", script.Id, ImagePath).Single<CrImage>();
        using (var go = new FileStream(_folder.File("ready.go"), FileMode.Open, FileAccess.Write))
            go.Write("go\n"u8);
        script.Process.WaitForExit();
        Assert.Equal(7, script.Process.ExitCode);
    }
}
