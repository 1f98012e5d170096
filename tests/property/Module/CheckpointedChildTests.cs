using System.Diagnostics.Tracing;
using System.Runtime.InteropServices;
using CrCore;
using CrCore.Kernel;
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

    /// <summary>
    /// Nobody else waits for a child that the runtime takes for ended. It stayed a zombie, and its number taken, and the runtime found its
    /// end again and again: no program could be started any more.
    /// </summary>
    [Fact]
    public void A_child_that_the_runtime_takes_for_ended_is_waited_for_when_it_was_ended()
    {
        using var live = LiveProcess.Sleep();
        using (new EarlyLook(live.Id))
            _session.Run("Checkpoint-ProcessTree -Id $args[0] -Path $args[1] -Stop", live.Id, ImagePath).Single<CrImage>();
        Assert.False(Directory.Exists($"/proc/{live.Id}"));
        AssertProgramsStart();
    }

    [Fact]
    public void A_child_that_the_runtime_takes_for_ended_is_waited_for_when_it_ends_by_itself()
    {
        using var script = LiveProcess.Script(_folder, "mkfifo $READY.go; exec 7<>$READY.go; echo > $READY; read -u 7; exit 7");
        using (new EarlyLook(script.Id))
            _session.Run("Checkpoint-ProcessTree -Id $args[0] -Path $args[1]", script.Id, ImagePath).Single<CrImage>();
        using (var go = new FileStream(_folder.File("ready.go"), FileMode.Open, FileAccess.Write))
            go.Write("go\n"u8);
        LiveProcess.WaitUntil(() => !Directory.Exists($"/proc/{script.Id}"));
        AssertProgramsStart();
    }

    private static void AssertProgramsStart()
    {
        var started = Task.Run(() =>
        {
            using var live = LiveProcess.Sleep();
        });
        Assert.True(started.Wait(TimeSpan.FromMinutes(1)));
    }

    /// <summary>
    /// Has the runtime look for ended children when a checkpoint has just stopped one, which it takes for such then: as if
    /// another child had ended before, and the runtime's thread had only now come to it.
    /// </summary>
    private sealed unsafe class EarlyLook : EventListener
    {
        private const int SigChld = 17;

        private readonly int _pid;
        private OwnSignalAction _heard;

        public EarlyLook(int pid)
        {
            _pid = pid;
            OwnSignalAction heard;
            Assert.Equal(0, OwnSignalAction.Exchange(SigChld, null, &heard));
            _heard = heard;
            EnableEvents(CrEventSource.Log, EventLevel.Verbose);
        }

        /// <summary>Called on the thread that made the call, right after it.</summary>
        protected override void OnEventWritten(EventWrittenEventArgs e)
        {
            if (e.EventName != nameof(CrEventSource.KernelCall) || e.Payload is not ["PTRACE_INTERRUPT", int tid, _] || tid != _pid)
                return;
            // Not by a wait, which the runtime could have been quicker at.
            LiveProcess.WaitUntil(() => File.ReadAllText($"/proc/{_pid}/stat").Contains(") t ", StringComparison.Ordinal));
            OwnSignalAction heard = _heard, quiet;
            var looked = new TaskCompletionSource();
            using (PosixSignalRegistration.Create(PosixSignal.SIGCHLD, _ => looked.TrySetResult()))
            {
                Assert.Equal(0, OwnSignalAction.Exchange(SigChld, &heard, &quiet));
                Libc.Syscall(Sys.tgkill, Environment.ProcessId, Libc.Syscall(Sys.gettid), SigChld);
                Assert.True(looked.Task.Wait(TimeSpan.FromMinutes(1)));
                Assert.Equal(0, OwnSignalAction.Exchange(SigChld, &quiet, null));
            }
        }
    }
}
