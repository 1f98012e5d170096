using System.Diagnostics;
using CrCore;
using CrCore.Kernel;
using CrCore.Objects.Ipc;
using CrProperty.Memory;
using CrProperty.Objects.Files;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Xunit;

namespace CrProperty.Objects.Ipc;

/// <summary>What tasks undo of semaphores when they end: found although nothing shows it, and kept.</summary>
public class SemaphoreUndoTests
{
    private const string Semaphores = """
            import threading
            libc = ctypes.CDLL(None, use_errno=True)
            def must(r): assert r >= 0, os.strerror(ctypes.get_errno()); return r
            ENTER
            UNDO = 0o10000
            def op(s, *ops): return must(libc.semop(s, b''.join(struct.pack('HhH', n, v, f) for n, v, f in ops), len(ops)))
            def values(s, count): return [must(libc.semctl(s, n, 12)) for n in range(count)]
            # join comes a moment before the thread's end, at which its undo list is let go.
            def alone():
                while len(os.listdir('/proc/self/task')) > 1: time.sleep(0.001)
            def pids(s, count): return [must(libc.semctl(s, n, 11)) for n in range(count)]

        """;

    /// <summary>The root with threads, a child with one, and a child that undoes nothing.</summary>
    private const string OwnNamespace = Semaphores + """
            one = must(libc.semget(0, 9, 0o3600)); two = must(libc.semget(0x31, 2, 0o3600))
            for n, v in enumerate((10, 0, 32767, 100, 32767, 7, 20000)): op(one, (n, v, 0)) if v else None
            r, w = os.pipe(); r2, w2 = os.pipe()
            def child(f):
                pid = os.fork()
                if pid: os.read(r, 1); return pid
                signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2]); f(); os.write(w, b'x'); signal.sigwait([signal.SIGUSR2]); os._exit(0)
            def much():
                op(one, (0, -3, UNDO), (1, 4, UNDO), (2, -1, UNDO), (3, -100, UNDO)); op(two, (0, 1, UNDO)); op(one, (3, 60, UNDO))
                op(one, (6, -20000, UNDO)); op(one, (6, 20000, 0))
                op(one, (4, -32767, UNDO)); op(one, (4, 32767, 0)); op(one, (8, 32767, UNDO)); op(one, (8, -32767, 0))
            held = child(much); free = child(lambda: op(one, (0, 1, 0)))
            t = threading.Thread(target=os.read, args=(r2, 1)); t.start(); op(two, (1, 2, UNDO)); op(two, (1, -1, UNDO))
            before = values(one, 9), values(two, 2), pids(one, 9), pids(two, 2)
            wait()
            same((values(one, 9), values(two, 2), pids(one, 9), pids(two, 2)), before)
            os.kill(free, signal.SIGUSR2); same(os.waitpid(free, 0)[1], 0)
            same((values(one, 9), values(two, 2)), before[:2])
            os.write(w2, b'x'); t.join(); alone(); must(libc.unshare(0x40000)); same(values(two, 2), [1, 0])
            os.kill(held, signal.SIGUSR2); same(os.waitpid(held, 0)[1], 0)
            undone = [3, -4, 1, 40, 32767, 0, 20000, 0, -32767]
            same(values(one, 9), [max(0, min(32767, a + b)) for a, b in zip(before[0], undone)]); same(values(two, 2), [0, 0])

        """;

    [TheoryWithSystemV("python3"), InlineData(false), InlineData(true)]
    public void OfSetsInANamespaceOfTheTreesOwnIsKept(bool newPidNamespace)
    {
        using var program = new SelfCheckingProgram(OwnNamespace.Replace("ENTER", "assert libc.unshare(0x08000000) == 0", StringComparison.Ordinal));
        var said = program.Journey(restore: new() { NewPidNamespace = newPidNamespace });
        Assert.True(said == "ok", said);
    }

    [FactWithSystemV("python3")]
    public void OfTheMachinesSetsIsRefusedAndLetGo()
    {
        using var program = new SelfCheckingProgram(Semaphores.Replace("ENTER", "pass", StringComparison.Ordinal) + """
                s = must(libc.semget(0, 3, 0o3600)); said('set', str(s)); t = threading.Thread(target=time.sleep, args=(1000,), daemon=True); t.start()
                op(s, (1, 7, 0)); op(s, (2, 1, UNDO))
                before = values(s, 3), pids(s, 3)
                wait()
                same((values(s, 3), pids(s, 3)), before); op(s, (2, -1, UNDO)); said('released', '')
                wait()
                same((values(s, 3), pids(s, 3)), ([0, 7, 0], [0] + [os.getpid()] * 2))
            """);
        var set = int.Parse(File.ReadAllText(Path.Combine(program.Folder, "set")));
        try
        {
            for (var i = 0; i < 2; i++)
            {
                var refused = Assert.Throws<CrPreflightException>(() => program.Save());
                var obstacle = Assert.Single(refused.Obstacles);
                Assert.Equal(("CrSemaphoreUndo", true), (obstacle.Id, obstacle.Reason.Contains($"semaphore 2 of the System V set {set} by -1", StringComparison.Ordinal)));
            }
            Libc.Syscall(Sys.kill, program.Pid, 10);
            var patience = Stopwatch.StartNew();
            while (!File.Exists(Path.Combine(program.Folder, "released")))
            {
                Assert.True(patience.Elapsed < TimeSpan.FromSeconds(60));
                Thread.Sleep(5);
            }
            Assert.Equal("ok", program.Journey());
        }
        finally
        {
            Libc.Syscall(Sys.semctl, set, 0, 0);
        }
    }

    /// <summary>The kernel's rules (perform_atomic_semop_slow in ipc/sem.c) for one semaphore, on paper.</summary>
    private static Errno Perform(IEnumerable<SemaphoreOperation> operations, ref int value, ref int adjustment)
    {
        var (v, a) = (value, adjustment);
        foreach (var o in operations)
        {
            if (o.Change == 0 && v != 0 || v + o.Change < 0)
                return Errno.EAGAIN;
            if ((v += o.Change) > SemaphoreSetRecord.MaxValue)
                return Errno.ERANGE;
            if (o.Flags == SemaphoreOperation.Undo && (a -= o.Change) is < UndoOperations.Lowest or > UndoOperations.Highest)
                return Errno.ERANGE;
        }
        (value, adjustment) = (v, a);
        return Errno.None;
    }

    private static Arbitrary<(int Value, int Adjustment)> Cases() => Arb.From(
        from value in Gen.OneOf(Gen.Choose(0, SemaphoreSetRecord.MaxValue), Gen.Elements(0, 1, 16_383, 16_384, 32_766, 32_767))
        from adjustment in Gen.OneOf(Gen.Choose(UndoOperations.Lowest, UndoOperations.Highest), Gen.Choose(-3, 3), Gen.Elements(UndoOperations.Lowest, UndoOperations.Highest))
        select (value, adjustment));

    [Property(MaxTest = 1000)]
    public Property EveryAdjustmentIsFoundByFewProbesThatChangeNothing() => Prop.ForAll(Cases(), c =>
    {
        var search = new UndoSearch(1, 0, c.Value);
        var probes = 0;
        for (; !search.IsOver; probes++)
        {
            var (value, adjustment) = c;
            var probe = search.Next();
            Assert.InRange(probe.Length, 2, 8);
            search.Answer(Perform(probe, ref value, ref adjustment));
            Assert.Equal(c, (value, adjustment));
        }
        Assert.Equal(c.Adjustment, search.Found);
        Assert.InRange(probes, 1, c.Adjustment == 0 ? 2 : 17);
    });

    [Property(MaxTest = 1000)]
    public Property EveryAdjustmentCanBeGivenAgain() => Prop.ForAll(Cases(), c =>
    {
        var operations = new List<SemaphoreOperation>();
        UndoOperations.AddShift(operations, 0, c.Value, c.Adjustment);
        var (value, adjustment) = (c.Value, 0);
        Assert.Equal(Errno.None, Perform(operations, ref value, ref adjustment));
        Assert.Equal(c, (value, adjustment));
    });
}
