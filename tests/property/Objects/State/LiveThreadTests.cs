using System.Text.Json;
using Xunit;

namespace CrProperty.Objects.State;

/// <summary>Threads of live programs over a checkpoint and restore: what each has of its own, and the calls they wait in.</summary>
public class LiveThreadTests
{
    /// <summary>What every thread of the program tells of itself.</summary>
    private const string Areas = """
        def areas():
            head, length, tid, base = ctypes.c_ulong(), ctypes.c_ulong(), ctypes.c_ulong(), ctypes.c_ulong()
            assert libc.syscall(274, 0, ctypes.byref(head), ctypes.byref(length)) == 0
            assert libc.prctl(40, ctypes.byref(tid), 0, 0, 0) == 0
            libc.syscall(158, 0x1003, ctypes.byref(base))
            # EBUSY says that exactly this area is registered.
            offset = ctypes.c_ssize_t.in_dll(libc, "__rseq_offset").value; size = ctypes.c_uint.in_dll(libc, "__rseq_size").value
            ctypes.set_errno(0)
            libc.syscall(ctypes.c_long(334), ctypes.c_ulong(base.value + offset), ctypes.c_ulong(max(32, size)), ctypes.c_ulong(0), ctypes.c_ulong(0x53053053))
            return [head.value, length.value, tid.value, base.value, ctypes.get_errno()]
        plain = attributes
        def attributes(): return [plain(), areas()]

        """;

    [Fact]
    public void EachThreadKeepsItsOwn()
    {
        using var program = new StatefulProgram(LiveStateTests.Status + Areas + """
            ready = threading.Barrier(4)
            def body(i):
                libc.prctl(15, b"thread %d" % i, 0, 0, 0)
                libc.prctl(30, 70000 + i, 0, 0, 0)
                signal.pthread_sigmask(signal.SIG_BLOCK, [40 + i])
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), i)
                # By the raw calls only this thread changes.
                if i == 2: libc.syscall(117, 1001, 1001, 0); libc.prctl(4, 1, 0, 0, 0)
                if i == 3: libc.prctl(38, 1, 0, 0, 0)
                # Some attributes are the whole program's.
                ready.wait()
                tell("before%d" % i, attributes())
                await_word("go")
                tell("after%d" % i, attributes())
            threads = [threading.Thread(target=body, args=(i,)) for i in range(4)]
            os.chmod(folder, 0o777)
            for t in threads: t.start()
            for t in threads: t.join()
            tell("joined", True)
            """);
        var before = Enumerable.Range(0, 4).Select(i => program.Hear($"before{i}")).ToArray();
        program.Checkpoint();
        Assert.Empty(program.Restore().Warnings);
        program.Say("go");
        for (var i = 0; i < 4; i++)
            Assert.Equal(before[i], program.Hear($"after{i}"));
        program.Hear("joined");
    }

    /// <summary>One thread in each call; none may see an error that it would not have seen without the checkpoint.</summary>
    private const string Waits = """
        import select, struct
        results = {}
        def call(number, *args):
            ctypes.set_errno(0)
            result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) if isinstance(a, int) else a for a in args])
            return result if result >= 0 else -ctypes.get_errno()
        def spec(seconds): return (ctypes.c_long * 2)(int(seconds), int(seconds % 1 * 10**9))
        word = ctypes.c_int(5)
        r, w = os.pipe()
        ep = select.epoll(); r2, w2 = os.pipe(); ep.close()
        rem = spec(0)
        signal.pthread_sigmask(signal.SIG_BLOCK, [10])
        def futex_absolute():
            now = time.clock_gettime(time.CLOCK_MONOTONIC)
            return call(202, ctypes.byref(word), 0x89, 5, spec(now + 3), None, -1)
        waits = {
            "nanosleep": lambda: call(35, spec(2), None),
            "nanosleep with rest": lambda: call(35, spec(2), rem),
            "clock_nanosleep": lambda: call(230, 1, 0, spec(2), rem),
            "poll": lambda: call(7, 0, 0, 2000),
            "ppoll": lambda: call(271, 0, 0, spec(2), 0, 8),
            "select": lambda: call(23, 0, 0, 0, 0, (ctypes.c_long * 2)(2, 0)),
            "futex": lambda: call(202, ctypes.byref(word), 0x80, 5, spec(2)),
            "futex absolute": futex_absolute,
            "futex forever": lambda: call(202, ctypes.byref(word), 0x80, 5, None),
            "sigtimedwait": lambda: call(128, ctypes.byref(ctypes.c_ulong(1 << 9)), None, spec(2), 8),
            "read": lambda: call(0, r, ctypes.create_string_buffer(8), 8),
            "pause and go on": lambda: (await_word("go"), 77)[1],
        }
        def body(name): results[name] = waits[name]()
        threads = {n: threading.Thread(target=body, args=(n,)) for n in waits}
        for t in threads.values(): t.start()
        def calls():
            found = []
            for t in threads.values():
                try:
                    with open("/proc/self/task/%d/syscall" % t.native_id) as f: found.append(f.read().split()[0])
                # Its time may be over on a busy machine.
                except OSError: found.append("ended")
            return found
        # The interpreter lock is let go in each call; all of them wait when all are in a call.
        while "running" in calls(): time.sleep(0.01)
        tell("before", len(threads))
        await_word("go")
        os.write(w, b"12345678")
        for n, t in threads.items():
            if n != "futex forever": t.join()
        word.value = 6
        while threads["futex forever"].is_alive(): call(202, ctypes.byref(word), 0x81, 1); time.sleep(0.01)
        tell("after", results)
        """;

    private const string DueResults = """
        {"clock_nanosleep": 0, "futex": -110, "futex absolute": -110, "futex forever": 0, "nanosleep": 0, "nanosleep with rest": 0,
         "pause and go on": 77, "poll": 0, "ppoll": 0, "read": 8, "select": 0, "sigtimedwait": -11}
        """;

    [Fact]
    public void InterruptedCallsGoOnAfterRestore()
    {
        using var program = new StatefulProgram(Waits);
        program.Hear("before");
        program.Checkpoint();
        program.Restore();
        program.Say("go");
        AssertJson(DueResults, program.Hear("after"));
    }

    [Fact]
    public void InterruptedCallsGoOnInATreeLeftRunning()
    {
        using var program = new StatefulProgram(Waits);
        program.Hear("before");
        for (var i = 0; i < 3; i++)
            program.Checkpoint(stop: false);
        // The third image was taken of calls that the kernel had restarted already.
        program.Checkpoint();
        program.Restore();
        program.Say("go");
        AssertJson(DueResults, program.Hear("after"));
    }

    /// <summary>The parent of a task is a thread, at whose end the signal comes (PR_SET_PDEATHSIG of prctl(2)); that is told.</summary>
    [Fact]
    public void AParentThatIsAnotherThreadIsToldOf()
    {
        using var program = new StatefulProgram("""
            def start(signo):
                r, w = os.pipe(); pid = os.fork()
                if pid == 0:
                    libc.prctl(1, signo, 0, 0, 0); os.write(w, b"x"); os.closerange(3, 64)
                    while True: time.sleep(1)
                os.read(r, 1); os.close(r); os.close(w); return pid
            children = {"first": start(10)}
            def body():
                children["another"] = start(10); children["silent"] = start(0); tell("before", children); await_word("go")
            threading.Thread(target=body).start()
            await_word("go")
            """);
        var children = JsonSerializer.Deserialize<Dictionary<string, int>>(program.Hear("before"))!;
        Assert.Equal(children["another"], Assert.Single(program.Checkpoint().Warnings, w => w.Id == "CrParentThread").Pid);
    }

    /// <summary>A signal's handler ends the restored sleep, which then tells how much was left.</summary>
    [Fact]
    public void ASleepKeepsItsRemainingTime()
    {
        using var program = new StatefulProgram("""
            libc.signal.argtypes = [ctypes.c_int, ctypes.c_void_p]
            handler = ctypes.CFUNCTYPE(None, ctypes.c_int)(lambda s: None)
            class Action(ctypes.Structure): _fields_ = [("handler", ctypes.c_void_p), ("mask", ctypes.c_ulong * 16), ("flags", ctypes.c_int), ("restorer", ctypes.c_void_p)]
            assert libc.sigaction(10, ctypes.byref(Action(ctypes.cast(handler, ctypes.c_void_p))), None) == 0
            rest = (ctypes.c_long * 2)()
            def tell_when_slept():
                # Not from here: the main thread may come to its call (nanosleep, 35) much later.
                while open("/proc/self/task/%d/syscall" % main).read().split()[0] != "35": time.sleep(0.01)
                time.sleep(1.5)
                tell("before", 0)
                await_word("go")
                while True:
                    libc.syscall(234, os.getpid(), main, 10)
                    time.sleep(0.01)
            main = threading.get_native_id()
            threading.Thread(target=tell_when_slept, daemon=True).start()
            ctypes.set_errno(0)
            libc.syscall(35, (ctypes.c_long * 2)(1000, 0), rest)
            tell("after", rest[0] + rest[1] / 1e9)
            os._exit(0)
            """);
        program.Hear("before");
        program.Checkpoint();
        program.Restore();
        program.Say("go");
        // It had slept for 1.5 s at least.
        Assert.InRange(JsonSerializer.Deserialize<double>(program.Hear("after")), 900, 999);
    }

    /// <summary>Calls that do not tell what is left of their timeout: after 5 s of 13 they take what is left, not all of it.</summary>
    [Fact]
    public void TimeoutsThatNobodyTellsGoOnWhereTheyWere()
    {
        using var program = new StatefulProgram("""
            word = ctypes.c_int(5)
            def spec(seconds): return (ctypes.c_long * 2)(seconds, 0)
            libc.syscall.argtypes = [ctypes.c_long] + [ctypes.c_void_p] * 6
            def at(o): return ctypes.addressof(o)
            long = spec(13)
            waits = {
                "poll": lambda: libc.syscall(7, 0, 0, 13000, 0, 0, 0),
                "nanosleep": lambda: libc.syscall(35, at(long), 0, 0, 0, 0, 0),
                "clock_nanosleep": lambda: libc.syscall(230, 1, 0, at(long), 0, 0, 0),
                "futex": lambda: libc.syscall(202, at(word), 0x80, 5, at(long), 0, 0),
            }
            ended = {}
            def body(name): waits[name](); ended[name] = time.monotonic()
            threads = [threading.Thread(target=body, args=(n,)) for n in waits]
            for t in threads: t.start()
            time.sleep(5)
            tell("before", 0)
            await_word("go")
            went_on = time.monotonic()
            for t in threads: t.join()
            tell("after", [{n: ended[n] - went_on for n in waits}, list(long)])
            """);
        program.Hear("before");
        program.Checkpoint();
        program.Restore();
        program.Say("go");
        var told = JsonSerializer.Deserialize<JsonElement>(program.Hear("after"));
        Assert.Equal("[13,0]", told[1].GetRawText().Replace(" ", ""));
        // At most 8 s are left, the whole timeout anew would be 13 s. Several seconds each way are for a busy machine.
        foreach (var call in told[0].EnumerateObject())
            Assert.True(call.Value.GetDouble() is > 1 and < 12, $"{call.Name} ended {call.Value} s after the restore");
    }

    private static void AssertJson(string due, string got)
        => Assert.Equal(JsonSerializer.Deserialize<SortedDictionary<string, int>>(due), JsonSerializer.Deserialize<SortedDictionary<string, int>>(got));
}
