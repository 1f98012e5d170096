using System.Globalization;
using CrCore.Checkpoint;
using CrCore.Kernel;
using CrCore.Remote;
using CrProperty.Kernel;
using CrProperty.Module;
using Xunit;

namespace CrProperty.Trees;

/// <summary>Trees that are met between vfork(2) and the program that its child runs: no request stops the parent before.</summary>
public sealed class VforkTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    /// <summary>The child opens a FIFO before it runs its program, and so waits for whoever opens the other side.</summary>
    private string Fifo => _folder.File("fifo");

    private OwnChild? _parent;

    public void Dispose()
    {
        if (_parent is { } parent)
        {
            const int sigKill = 9;
            using (var proc = new ProcReader())
            {
                var tree = TreeWalk.Walk(proc, parent.Pid);
                for (var i = tree.Count - 1; i > 0; i--)
                    Libc.Syscall(Sys.kill, tree[i].Pid, sigKill);
            }
            parent.Dispose();
        }
        _folder.Dispose();
    }

    private OwnChild Spawning()
        => InVfork($"""
            import os
            os.mkfifo('{Fifo}')
            print('ready', flush=True)
            child = os.posix_spawn('/bin/sleep', ['sleep', '1000'], os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 5, '{Fifo}', os.O_RDONLY, 0)])
            print(child, flush=True)
            os.waitpid(child, 0)
            """);

    private OwnChild InVfork(string code)
    {
        _parent = OwnChild.Python(code);
        using var proc = new ProcReader();
        while (!VforkWait.Holds(proc, _parent.Pid))
            Thread.Sleep(1);
        return _parent;
    }

    [FactWith("python3")]
    public void A_spawn_under_way_is_an_obstacle_that_passes()
    {
        var parent = Spawning();
        var found = new TreeCheckpoint(new() { ExternalPipe = CrCore.ExternalPipePolicy.Null }).Preview(parent.Pid).Obstacles.Where(o => o.Severity == CrCore.ObstacleSeverity.Error);
        var obstacle = Assert.Single(found);
        Assert.Equal(("CrSharedAddressSpace", true), (obstacle.Id, obstacle.IsTransient));
    }

    [FactWith("python3")]
    public void So_is_a_parent_whose_child_has_memory_of_its_own()
    {
        // CLONE_VFORK | SIGCHLD
        var parent = InVfork("""
            import ctypes, signal
            libc = ctypes.CDLL(None)
            print('ready', flush=True)
            if libc.syscall(56, 0x4000 | 17, 0, 0, 0, 0) == 0:
                while True: signal.pause()
            """);
        var found = new TreeCheckpoint(new() { ExternalPipe = CrCore.ExternalPipePolicy.Null }).Preview(parent.Pid).Obstacles.Where(o => o.Severity == CrCore.ObstacleSeverity.Error);
        var obstacle = Assert.Single(found);
        Assert.Equal(("CrVforkWait", parent.Pid, true), (obstacle.Id, obstacle.Pid, obstacle.IsTransient));
    }

    /// <summary>The parent does not stop while its child stands still: both are let go, and the parent, still held, is met again.</summary>
    [FactWith("python3")]
    public void A_tree_in_the_middle_of_a_spawn_is_frozen_once_that_is_over()
    {
        var parent = Spawning();
        var threads = TracerThread.Run("test", () =>
        {
            using var proc = new ProcReader();
            using var freezer = new TreeFreezer(proc);
            var seen = TreeWalk.Walk(proc, parent.Pid);
            Assert.Equal(2, seen.Count);
            // A child that is slow to stop is still held, too, and let go after another try.
            for (var tries = 0; tries == 0 || (freezer.Stopped.Count > 1 && tries < 1000); tries++)
                Assert.Equal("CrFreezeTimeout", Assert.Throws<CrCore.CrTargetException>(() => freezer.Freeze(parent.Pid, tries == 0 ? seen : [], TimeSpan.Zero, default)).Id);
            Assert.Equal([parent.Pid], freezer.Stopped.Keys);
            using var open = Task.Run(() => File.OpenWrite(Fifo).Dispose());
            freezer.Freeze(parent.Pid, seen, TimeSpan.FromMinutes(1), default);
            // The other side is open, or the child would not have gone on; that this side is closed may take a moment.
            open.Wait();
            return freezer.Stopped.Count;
        });
        Assert.Equal(2, threads);
        // It goes on.
        var child = int.Parse(parent.Output.ReadLine()!, CultureInfo.InvariantCulture);
        Assert.True(Directory.Exists($"/proc/{child}"));
    }

    /// <summary>Who is held and ends before it stops is a zombie of its parent's at once, who is told of it: the freezer keeps no end to itself.</summary>
    [FactWith("python3")]
    public void A_task_that_ends_instead_of_stopping_is_left_to_its_parent()
    {
        const int sigKill = 9, sigChld = 17;
        // CLONE_VFORK | SIGCHLD
        using var parent = OwnChild.Python("""
            import ctypes, os, signal
            libc = ctypes.CDLL(None)
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
            if os.fork() == 0:
                libc.prctl(1, signal.SIGKILL)
                if libc.syscall(56, 0x4000 | 17, 0, 0, 0, 0) == 0:
                    libc.prctl(1, signal.SIGKILL)
                    while True: signal.pause()
            print('ready', flush=True)
            while True: signal.pause()
            """);
        using var proc = new ProcReader();
        var seen = TreeWalk.Walk(proc, parent.Pid);
        while (seen.Count < 3 || !VforkWait.Holds(proc, seen[1].Pid))
            seen = TreeWalk.Walk(proc, parent.Pid);
        var middle = seen[1].Pid;
        TracerThread.Run("test", () =>
        {
            using var freezer = new TreeFreezer(proc);
            Assert.Throws<CrCore.CrTargetException>(() => freezer.Freeze(parent.Pid, seen, TimeSpan.Zero, default));
            Assert.Contains(middle, freezer.Stopped.Keys);
            Libc.Syscall(Sys.kill, middle, sigKill);
            var frozen = freezer.Freeze(parent.Pid, [], TimeSpan.FromMinutes(1), default);
            Assert.Equal([(parent.Pid, false), (middle, true)], frozen.Select(t => (t.Pid, t.IsZombie)));
            Assert.True(ProcStatus.TryRead(proc, middle, out var its));
            Assert.Equal(0, its.TracerPid);
            Assert.True(ProcStatus.TryRead(proc, parent.Pid, out var status));
            Assert.NotEqual(0UL, status.SharedPendingSignals & (1UL << (sigChld - 1)));
            return 0;
        });
    }
}
