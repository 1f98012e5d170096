using CrProperty.Kernel;
using CrProperty.Objects.Files;
using Xunit;

namespace CrProperty.Objects.Seccomp;

/// <summary>Programs in the modes of seccomp(2), through a checkpoint and a restore: what was forbidden stays so, and what was allowed, too.</summary>
public class SeccompJourneyTests
{
    // deny(): a filter under which a call fails with an errno; code, jt, jf, k of each instruction.
    private const string Calls = """
            import errno, threading
            libc = ctypes.CDLL(None, use_errno=True)
            def install(flags, *code):
                raw = b''.join(struct.pack('HBBI', *i) for i in code); buffer = ctypes.create_string_buffer(raw)
                program = struct.pack('HxxxxxxQ', len(code), ctypes.addressof(buffer))
                assert libc.syscall(317, 1, flags, ctypes.c_char_p(program)) == 0, ctypes.get_errno()
            def deny(number, code, flags=0): install(flags, (0x20, 0, 0, 0), (0x15, 0, 1, number), (6, 0, 0, 0x50000 | code), (6, 0, 0, 0x7fff0000))
            def denied(number):
                ctypes.set_errno(0); r = libc.syscall(number, -1, -1, -1, -1, -1, -1); return ctypes.get_errno() if r == -1 else 0
            def seccomp(): return [l for l in open('/proc/thread-self/status').read().splitlines() if l.startswith('Seccomp')]
            ACCT, SWAPON, SWAPOFF = 163, 167, 168

        """;

    private static void Survives(bool newPidNamespace, string code)
    {
        using var program = new SelfCheckingProgram(Calls + code);
        Assert.Equal("ok", program.Journey(restore: new() { NewPidNamespace = newPidNamespace }));
    }

    /// <summary>The newest filter that says no wins only by its action's rank, so the order shows in the errno: the last installed.</summary>
    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void FiltersInTheirOrder(bool newPidNamespace) => Survives(newPidNamespace, """
            deny(ACCT, 71); deny(ACCT, 72); deny(SWAPON, 73); before = seccomp(); errors = [denied(ACCT), denied(SWAPON)]
            wait()
            same(seccomp(), before); same([denied(ACCT), denied(SWAPON)], errors); same(errors, [72, 73])
        """);

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void EachThreadHasItsOwn(bool newPidNamespace) => Survives(newPidNamespace, """
            libc.prctl(38, 1, 0, 0, 0); deny(SWAPON, 74)
            results = {}; go = threading.Event(); ready = threading.Semaphore(0)
            def run(i):
                if i: deny(ACCT, 80 + i)
                first = seccomp(); ready.release(); go.wait(); results[i] = (first == seccomp(), denied(SWAPON), denied(ACCT) if i else 0)
            threads = [threading.Thread(target=run, args=(i,)) for i in range(4)]
            for t in threads: t.start()
            for t in threads: ready.acquire()
            wait()
            go.set()
            for t in threads: t.join()
            same(results, {0: (True, 74, 0), 1: (True, 74, 81), 2: (True, 74, 82), 3: (True, 74, 83)})
        """);

    /// <summary>SECCOMP_FILTER_FLAG_TSYNC insists on filters that are the very same objects in all threads.</summary>
    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void ThreadsCanStillBeSynchronized(bool newPidNamespace) => Survives(newPidNamespace, """
            go = threading.Event(); done = threading.Event(); results = []
            def run(): go.wait(); results.append((denied(ACCT), denied(SWAPON))); done.set()
            threading.Thread(target=run).start()
            deny(ACCT, 75, 1)
            wait()
            deny(SWAPON, 76, 1); go.set(); done.wait(); same(results, [(75, 76)])
        """);

    /// <summary>Killed for any call but read(2), write(2) and exit(2): the restored child must be so, too, and live until then.</summary>
    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void TheStrictMode(bool newPidNamespace) => Survives(newPidNamespace, """
            import mmap
            r, w = os.pipe(); back, answer = os.pipe(); child = os.fork()
            if child == 0:
                # read(r); write(answer); then a call that is not allowed: machine code, for python makes others.
                page = mmap.mmap(-1, 4096, prot=7)
                def call(n, a): return b'\xb8' + struct.pack('i', n) + b'\xbf' + struct.pack('i', a) + b'\x48\x89\xe6\xba\x01\0\0\0\x0f\x05'
                page.write(call(0, r) + call(1, answer) + b'\xb8\x27\0\0\0\x0f\x05\xeb\xfe')
                run = ctypes.CFUNCTYPE(None)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
                # The mode is entered by the code itself: prctl(PR_SET_SECCOMP, 1).
                page.seek(2048); page.write(b'\xb8\x9d\0\0\0\xbf\x16\0\0\0\xbe\x01\0\0\0\x0f\x05\x48\x83\xec\x40' + b'\xe9' + struct.pack('i', -2048 - 26))
                ctypes.CFUNCTYPE(None)(ctypes.addressof(ctypes.c_char.from_buffer(page)) + 2048)()
            mode = lambda: [l for l in open('/proc/%d/status' % child).read().splitlines() if l.startswith('Seccomp:')]
            while mode() != ['Seccomp:\t1']: time.sleep(0.01)
            wait()
            same(mode(), ['Seccomp:\t1']); os.write(w, b'x'); same(os.read(back, 1), b'x'); same(os.wait(), (child, 9))
        """);
}
