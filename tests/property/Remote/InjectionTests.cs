using System.Diagnostics;
using CrCore.Checkpoint;
using CrCore.Kernel;
using CrCore.Remote;
using CrProperty.Kernel;
using Xunit;

namespace CrProperty.Remote;

/// <summary>Runs calls inside real programs and looks whether they notice.</summary>
public class InjectionTests
{
    private const string Threaded = """
        import threading, time, os, select, signal, sys
        def sleeper():
            while True: time.sleep(0.05)
        def spinner():
            n = 0
            while True: n += 1
        def poller():
            p = select.poll()
            while True: p.poll(30)
        for f in (sleeper, spinner, poller):
            threading.Thread(target=f, daemon=True).start()
        print("ready", flush=True)
        for line in sys.stdin:
            print("alive", threading.active_count(), flush=True)
        """;

    [Fact]
    public void Calls_run_inside_every_thread_and_the_program_goes_on()
    {
        using var program = Program(Threaded);
        Assert.Equal("ready", program.StandardOutput.ReadLine());
        for (var round = 0; round < 20; round++)
        {
            TracerThread.Run("test", () =>
            {
                using var proc = new ProcReader();
                using var freezer = new TreeFreezer(proc);
                var walk = freezer.Freeze(program.Id, [], TimeSpan.FromMinutes(1), default);
                var task = Assert.Single(TreeFacts.Read(walk, freezer, proc));
                Assert.Equal(4, task.Threads.Count);
                var maps = new List<MemoryMapping>();
                ProcMaps.TryRead(proc, task.Pid, maps);
                using var site = InjectionSite.Find(task.Pid, maps, task.Threads.Select(t => t.Registers));
                foreach (var thread in task.Threads)
                    AskForIds(task, thread, site, freezer, round % 2 == 0);
                site.Clear();
                return 0;
            });
            program.StandardInput.WriteLine("?");
            Assert.Equal("alive 4", program.StandardOutput.ReadLine());
        }
        program.StandardInput.Close();
        Assert.Equal(0, program.WaitForExit());
    }

    private static void AskForIds(FrozenTask task, FrozenThread thread, InjectionSite site, TreeFreezer freezer, bool withSignal)
    {
        var marker = withSignal ? InjectedThread.ChooseMarker(0, thread.SignalMask, 0) : 0;
        var remote = InjectedThread.Enter(site, freezer.Stopped[thread.Tid].Tracee, task.Pid, new InjectedState(thread.Registers, thread.SignalMask, marker, task.VPid, thread.VTid), 65536);
        var batch = new SyscallBatch();
        var pid = batch.Must("ask", "pid", Sys.getpid);
        var tid = batch.Must("ask", "tid", Sys.gettid);
        var name = batch.Out(16);
        batch.Must("ask", "name", Sys.prctl, 16, name);
        var bad = batch.Try(Sys.close, -1);
        // The result of one call as the argument of two others.
        var fd = batch.Must("open", "/dev/null", Sys.openat, -100, batch.Text("/dev/null"), 0);
        var dup = batch.Must("duplicate", null, Sys.dup, fd);
        batch.Must("close", null, Sys.close, fd);
        batch.Must("close", null, Sys.close, dup);
        remote.Run(batch);
        Assert.Equal(task.VPid, batch.Result(pid));
        Assert.Equal(thread.VTid, batch.Result(tid));
        Assert.StartsWith("python3", System.Text.Encoding.ASCII.GetString(batch.Bytes(name)));
        Assert.Equal(CrCore.Errno.EBADF, batch.ErrnoOf(bad));
        remote.Leave();
    }

    [Fact]
    public void A_call_that_must_succeed_names_task_call_and_errno()
    {
        using var program = Program(Threaded);
        Assert.Equal("ready", program.StandardOutput.ReadLine());
        var error = Assert.Throws<CrCore.CrKernelException>(() => TracerThread.Run("test", () =>
        {
            using var proc = new ProcReader();
            using var freezer = new TreeFreezer(proc);
            var task = TreeFacts.Read(freezer.Freeze(program.Id, [], TimeSpan.FromMinutes(1), default), freezer, proc)[0];
            var maps = new List<MemoryMapping>();
            ProcMaps.TryRead(proc, task.Pid, maps);
            using var site = InjectionSite.Find(task.Pid, maps, []);
            var remote = InjectedThread.Enter(site, freezer.Stopped[task.Pid].Tracee, task.Pid, new InjectedState(task.Leader.Registers, task.Leader.SignalMask, 23, task.VPid, task.VPid), 65536);
            try
            {
                var batch = new SyscallBatch();
                batch.Must("close descriptor", 999, Sys.close, 999);
                batch.Must("never", null, Sys.exit_group, 1);
                remote.Run(batch);
                return 0;
            }
            finally
            {
                remote.Leave();
            }
        }));
        Assert.Equal("CrRemoteCallFailed", error.Id);
        Assert.Equal(CrCore.Errno.EBADF, error.Errno);
        Assert.Contains("close descriptor 999", error.Message);
        program.StandardInput.WriteLine("?");
        Assert.Equal("alive 4", program.StandardOutput.ReadLine());
    }

    [Fact]
    public void A_puppet_runs_batches_and_makes_children_with_chosen_pids()
    {
        TracerThread.Run("test", () =>
        {
            using var proc = new ProcReader();
            using var tree = new CrCore.Restore.PuppetTree(proc);
            tree.Start(0x10_0000_0000, 1 << 16);
            var batch = new SyscallBatch();
            var pid = batch.Must("ask", "pid", Sys.getpid);
            tree.Bootstrap!.Run(batch);
            Assert.Equal(tree.Bootstrap.Pid, batch.Result(pid));
            return 0;
        });
    }

    private static ChildProgram Program(string python) => new(python);

    /// <summary>A python3 program that ends with the test, whatever happens.</summary>
    private sealed class ChildProgram : IDisposable
    {
        private readonly Process _process;

        public ChildProgram(string code)
        {
            var start = new ProcessStartInfo("/usr/bin/python3", ["-c", code]) { RedirectStandardInput = true, RedirectStandardOutput = true };
            _process = Process.Start(start)!;
        }

        public int Id => _process.Id;
        public StreamReader StandardOutput => _process.StandardOutput;
        public StreamWriter StandardInput => _process.StandardInput;

        public int WaitForExit() => ChildEnd.Await(_process);

        public void Dispose()
        {
            ChildEnd.Kill(_process);
            _process.Dispose();
        }
    }
}
