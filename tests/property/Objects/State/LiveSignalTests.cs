using System.Text.Json;
using Xunit;

namespace CrProperty.Objects.State;

/// <summary>Signals and timers of live programs over a checkpoint and restore.</summary>
public class LiveSignalTests
{
    private const string Helpers = """
        import struct
        libc.sigqueue.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_void_p]
        def info(signals):
            # The raw call: 128 bytes as the kernel has them.
            mask = ctypes.c_ulong(sum(1 << (s - 1) for s in signals)); now = (ctypes.c_long * 2)(0, 0); data = ctypes.create_string_buffer(128)
            got = libc.syscall(128, ctypes.byref(mask), data, now, 8)
            if got < 0: return None
            signo, errno, code = struct.unpack_from("<iii", data.raw); pid, uid, value = struct.unpack_from("<iIQ", data.raw, 16)
            return [signo, code, pid, uid, value]
        def take(signals):
            taken = []
            while (one := info(signals)) is not None: taken.append(one)
            return taken

        """;

    [Fact]
    public void PendingSignalsKeepTheirOrderAndSiginfo()
    {
        using var program = new StatefulProgram(Helpers + """
            signals = [10, 12, 17, 34, 35, 64]
            signal.pthread_sigmask(signal.SIG_BLOCK, signals)
            def second():
                signal.pthread_kill(threading.get_ident(), 12)
                tell("before", [os.getpid(), os.getuid(), threading.get_native_id()])
                await_word("go")
                # The thread's own queue comes first, then what all share.
                tell("after", take(signals))
            for v in (3, 1, 2): libc.sigqueue(os.getpid(), 34, v)
            libc.sigqueue(os.getpid(), 64, 0x1234567890)
            os.kill(os.getpid(), 10); os.kill(os.getpid(), 10)
            t = threading.Thread(target=second); t.start(); t.join()
            """);
        var who = JsonSerializer.Deserialize<long[]>(program.Hear("before"))!;
        program.Checkpoint();
        program.Restore();
        program.Say("go");
        var taken = JsonSerializer.Deserialize<long[][]>(program.Hear("after"))!.Select(s => string.Join(' ', s)).ToArray();
        var (pid, uid) = (who[0], who[1]);
        const int tkill = -6, user = 0, queue = -1;
        string[] due =
        [
            $"12 {tkill} {pid} {uid} 0", $"10 {user} {pid} {uid} 0",
            $"34 {queue} {pid} {uid} 3", $"34 {queue} {pid} {uid} 1", $"34 {queue} {pid} {uid} 2", $"64 {queue} {pid} {uid} {0x1234567890}",
        ];
        Assert.Equal(due, taken);
    }

    /// <summary>SIGCONT and the stop signals: queueing one of them stirs every traced thread of the process.</summary>
    [Theory]
    [InlineData(18), InlineData(20)]
    public void SignalsOfJobControlWait(int number)
    {
        using var program = new StatefulProgram(Helpers + $$"""
            number = {{number}}
            signal.pthread_sigmask(signal.SIG_BLOCK, [number])
            def second():
                signal.pthread_kill(threading.get_ident(), number); tell("second", 0); await_word("go"); tell("thread", len(take([number])))
            def third(): tell("third", 0); await_word("go")
            threads = [threading.Thread(target=f) for f in (third, second)]
            for t in threads: t.start()
            while not (said("second") and said("third")): time.sleep(0.01)
            os.kill(os.getpid(), number)
            tell("before", 0)
            for t in threads: t.join()
            tell("process", len(take([number])))
            """);
        program.Hear("before");
        program.Checkpoint();
        program.Restore();
        program.Say("go");
        // The second thread takes that of the process, too.
        Assert.Equal(("2", "0"), (program.Hear("thread"), program.Hear("process")));
    }

    /// <summary>Beyond the limit the kernel keeps the number alone of what kill(2) sends.</summary>
    [Theory]
    [InlineData(false), InlineData(true)]
    public void SignalsBeyondTheLimitOfTheirQueue(bool newPidNamespace)
    {
        using var program = new StatefulProgram(Helpers + """
            import resource
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
            limit = resource.getrlimit(resource.RLIMIT_SIGPENDING); resource.setrlimit(resource.RLIMIT_SIGPENDING, (300, limit[1]))
            sent = 0
            while libc.sigqueue(os.getpid(), 34 + sent % 20, sent) == 0: sent += 1
            os.kill(os.getpid(), 15); os.kill(os.getpid(), 60)
            # The limit counts what waits for all processes of a user: what comes back must not depend on the others.
            resource.setrlimit(resource.RLIMIT_SIGPENDING, limit)
            def pending(): return [l.split() for l in open("/proc/self/status") if l.startswith(("SigPnd", "ShdPnd"))]
            tell("before", pending())
            await_word("go")
            tell("after", pending())
            tell("taken", [[one[0], one[1], one[4]] for one in take(range(1, 65))])
            tell("sent", sent)
            """);
        var before = program.Hear("before");
        program.Checkpoint();
        program.Restore(newPidNamespace);
        program.Say("go");
        Assert.Equal(before, program.Hear("after"));
        var taken = JsonSerializer.Deserialize<long[][]>(program.Hear("taken"))!;
        var sent = int.Parse(program.Hear("sent"), System.Globalization.CultureInfo.InvariantCulture);
        for (var signal = 34; signal < 54; signal++)
            Assert.Equal(Enumerable.Range(0, sent).Where(i => 34 + i % 20 == signal).Select(i => (long)i), taken.Where(t => t[0] == signal && t[1] == -1).Select(t => t[2]));
        Assert.Equal([15, 60], taken.Where(t => t[0] is < 34 or > 53).Select(t => t[0]).Order());
    }

    [Fact]
    public void ActionsMasksAndAlternateStacks() => LiveStateTests.Same("""
        class Action(ctypes.Structure): _fields_ = [("handler", ctypes.c_ulong), ("flags", ctypes.c_ulong), ("restorer", ctypes.c_ulong), ("mask", ctypes.c_ulong)]
        def actions():
            all = []
            for s in range(1, 65):
                a = Action(); libc.syscall(13, s, None, ctypes.byref(a), 8); all.append([a.handler, a.flags, a.restorer, a.mask])
            return all
        def stack():
            data = ctypes.create_string_buffer(24); assert libc.sigaltstack(None, data) == 0; return data.raw.hex()
        room = ctypes.create_string_buffer(65536)
        import struct
        assert libc.sigaltstack(struct.pack("<QiiQ", ctypes.addressof(room), 0, 0, 65536), None) == 0
        for s in (1, 34, 64): signal.signal(s, lambda *a: None)
        for s in (2, 5, 13): signal.signal(s, signal.SIG_IGN)
        assert libc.syscall(13, 12, ctypes.byref(Action(0x1234000, 0x0c000005, 0x5678000, 0xf0)), None, 8) == 0
        signal.pthread_sigmask(signal.SIG_BLOCK, [3, 40])
        plain = attributes
        def attributes(): return [plain(), actions(), stack()]
        """);

    [Fact]
    public void TimersKeepIdsAndGoOn()
    {
        using var program = new StatefulProgram(Helpers + """
            signals = [14, 26, 27, 36, 37, 38]
            signal.pthread_sigmask(signal.SIG_BLOCK, signals)
            class Event(ctypes.Structure): _fields_ = [("value", ctypes.c_ulong), ("signo", ctypes.c_int), ("notify", ctypes.c_int), ("tid", ctypes.c_int), ("pad", ctypes.c_int * 11)]
            def create(clock, signo, notify, value, tid=0):
                id = ctypes.c_int(-1); assert libc.syscall(222, clock, ctypes.byref(Event(value, signo, notify, tid)), ctypes.byref(id)) == 0; return id.value
            def start(id, interval, value, flags=0):
                assert libc.syscall(223, id, flags, (ctypes.c_long * 4)(0, interval, value // 10**9, value % 10**9), None) == 0
            def left(id):
                time = (ctypes.c_long * 4)(); assert libc.syscall(224, id, time) == 0; return list(time)
            ids = [create(1, 36, 0, 100 + i) for i in range(8)]
            for i in (0, 1, 3, 6): libc.syscall(226, ids[i])
            start(ids[2], 0, 1000 * 10**9)
            start(ids[4], 20_000_000, 20_000_000)
            cpu = create(2, 37, 0, 7); start(cpu, 0, 3600 * 10**9)
            own = create(0, 38, 4, 0xabcdef0123, threading.get_native_id()); start(own, 0, 500 * 10**9)
            none = create(1, 0, 1, 0); start(none, 0, 400 * 10**9)
            signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
            signal.setitimer(signal.ITIMER_VIRTUAL, 900, 800)
            while not {14, 36} <= signal.sigpending(): time.sleep(0.001)
            def listed(): return open("/proc/self/timers").read()
            def running(): return [left(i)[2] for i in (ids[2], cpu, own, none)]
            tell("before", [listed(), running(), os.getpid()])
            await_word("go")
            tell("after", [listed(), running(), signal.getitimer(signal.ITIMER_VIRTUAL)[0]])
            # The interval timers' signals waited, and both go on after they were taken.
            again = []
            for s in (14, 36, 14, 36, 14, 36): signal.sigwait([s]); again.append(s)
            tell("again", again)
            """);
        var before = JsonDocument.Parse(program.Hear("before")).RootElement;
        program.Checkpoint();
        Assert.Empty(program.Restore().Warnings);
        program.Say("go");
        var after = JsonDocument.Parse(program.Hear("after")).RootElement;
        Assert.Equal(before[0].GetString(), after[0].GetString());
        for (var i = 0; i < 4; i++)
            Assert.InRange(after[1][i].GetInt64(), 1, before[1][i].GetInt64());
        // setitimer(2) rounds a CPU time up by a tick.
        Assert.InRange(after[2].GetDouble(), 1, 901);
        Assert.Equal("[14, 36, 14, 36, 14, 36]", program.Hear("again"));
    }

    [Fact]
    public void AParentSeesNoSignalOfItsChildrenRestored()
    {
        using var program = new StatefulProgram(Helpers + """
            signal.pthread_sigmask(signal.SIG_BLOCK, [17])
            if os.fork() == 0: os._exit(3)
            child = os.fork()
            if child == 0:
                while True: time.sleep(1)
            signal.sigwait([17])
            tell("before", 0)
            await_word("go")
            tell("after", take([17]))
            os.kill(child, 9)
            tell("ends", sorted(os.waitpid(-1, 0)[1] for i in range(2)))
            """);
        program.Hear("before");
        program.Checkpoint();
        // The children's numbers stay taken until the machine's init has waited for them.
        program.Restore(newPidNamespace: true);
        program.Say("go");
        Assert.Equal("[]", program.Hear("after"));
        Assert.Equal("[9, 768]", program.Hear("ends"));
    }
}
