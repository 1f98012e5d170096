using CrCore;
using CrCore.Kernel;
using CrProperty.Kernel;
using CrProperty.Objects.Files;
using Xunit;

namespace CrProperty.Objects.Locks;

/// <summary>Locks of every sort through a checkpoint and a restore of a live program that checks itself.</summary>
public class LockJourneyTests
{
    private const string Calls = """
            def made(n, flags=os.O_RDWR): f = os.open(n, os.O_RDWR | os.O_CREAT); os.ftruncate(f, 1000); os.close(f); return os.open(n, flags)
            def locks(*fds, of='self'): return [[l.split()[2:] for l in open('/proc/%s/fdinfo/%d' % (of, f)) if l.startswith('lock')] for f in fds]
            def ofd(f, kind, start, length): fcntl.fcntl(f, 37, struct.pack('hhqqi4x', kind, 0, start, length, 0))
            def free(n, kind, start, length):
                f = os.open(n, os.O_RDWR); r = fcntl.fcntl(f, 36, struct.pack('hhqqi4x', kind, 0, start, length, 0)); os.close(f); return struct.unpack('h', r[:2])[0] == 2

        """;

    private static void Survives(bool newPidNamespace, string code)
    {
        using var program = new SelfCheckingProgram(Calls + code);
        Assert.Equal("ok", program.Journey(restore: new() { NewPidNamespace = newPidNamespace }));
    }

    /// <summary>The root's own table passes through many hands, each of whose closes would drop a lock of its process.</summary>
    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void RangesOfProcessesAndOfDescriptions(bool newPidNamespace) => Survives(newPidNamespace, """
            a, b, c = made('a'), made('b'), made('b', os.O_RDONLY); again = made('a'); twin = os.dup(a)
            fcntl.lockf(a, fcntl.LOCK_EX, 10, 5); fcntl.lockf(a, fcntl.LOCK_SH, 0, 500); ofd(b, 1, 3, 4); ofd(c, 0, 100, 0)
            before = locks(a, b, c, twin, again); same([len(x) for x in before], [2, 1, 1, 2, 0])
            wait()
            same(locks(a, b, c, twin, again), before)
            same([free('b', 1, 3, 1), free('b', 0, 3, 1), free('b', 1, 7, 1), free('b', 0, 200, 1), free('b', 1, 200, 1)], [False, False, True, True, False])
        """);

    /// <summary>A lock of flock(2) is one for all that inherited it; each process has ranges of its own, through the same description.</summary>
    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void WhatChildrenHoldAndShare(bool newPidNamespace) => Survives(newPidNamespace, """
            a, b, c = made('a'), made('b'), made('c'); fcntl.flock(a, fcntl.LOCK_EX); fcntl.lockf(b, fcntl.LOCK_EX, 10, 0)
            r, w = os.pipe(); back, answer = os.pipe(); child = os.fork()
            if child == 0:
                fcntl.lockf(b, fcntl.LOCK_EX, 10, 20); fcntl.flock(c, fcntl.LOCK_SH); os.dup2(a, 50); os.close(a); os.close(w); os.write(answer, b'l'); os.read(r, 1)
                fcntl.flock(50, fcntl.LOCK_UN); os.write(answer, b'x'); os.read(r, 1); os._exit(0)
            os.close(r); os.read(back, 1); other = os.open('a', os.O_RDONLY)
            before = locks(a, b, c), locks(50, b, c, of=child); same([len(x) for x in before[1]], [1, 1, 1])
            wait()
            same((locks(a, b, c), locks(50, b, c, of=child)), before)
            try: fcntl.flock(other, fcntl.LOCK_SH | fcntl.LOCK_NB); assert False
            except BlockingIOError: pass
            os.write(w, b'u'); os.read(back, 1); fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
            try: fcntl.lockf(b, fcntl.LOCK_SH | fcntl.LOCK_NB, 5, 22); assert False
            except BlockingIOError: pass
            os.close(w); same(os.wait(), (child, 0)); fcntl.lockf(b, fcntl.LOCK_SH | fcntl.LOCK_NB, 5, 22)
        """);

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void WhoWaitedForALockWaitsOn(bool newPidNamespace) => Survives(newPidNamespace, """
            a, b = made('a'), made('b'); fcntl.lockf(a, fcntl.LOCK_EX); fcntl.flock(b, fcntl.LOCK_EX); children = []
            for how in (lambda: fcntl.lockf(a, fcntl.LOCK_EX), lambda: fcntl.flock(os.open('b', os.O_RDWR), fcntl.LOCK_EX), lambda: fcntl.fcntl(os.open('a', os.O_RDWR), 38, struct.pack('hhqqi4x', 1, 0, 0, 0, 0))):
                pid = os.fork(); children.append(pid)
                if pid == 0: how(); os._exit(0)
            # Of its own files: the list is the machine's.
            own = {os.fstat(f).st_ino for f in (a, b)}; waits = lambda l: l[1] == '->' and int(l[6].split(':')[2]) in own
            while sum(waits(l.split()) for l in open('/proc/locks')) < 3: time.sleep(0.01)
            wait()
            time.sleep(0.1); same(os.waitpid(-1, os.WNOHANG), (0, 0))
            fcntl.lockf(a, fcntl.LOCK_UN); fcntl.flock(b, fcntl.LOCK_UN); same(sorted(os.wait() for _ in children), sorted((p, 0) for p in children))
        """);

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void LeasesActiveAndBreaking(bool newPidNamespace) => Survives(newPidNamespace, """
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGIO, signal.SIGUSR2]); LEASE, R, W, U = fcntl.F_SETLEASE, 0, 1, 2; get = lambda f: fcntl.fcntl(f, fcntl.F_GETLEASE)
            names = 'rwdus'; fds = r, w, d_, u, s = [made(n, os.O_RDONLY if n in 'rus' else os.O_RDWR) for n in names]
            for f, k in ((r, R), (w, W), (d_, W), (u, R), (s, R)): fcntl.fcntl(f, LEASE, k)
            fcntl.fcntl(s, 10, signal.SIGUSR2)
            def refused(n, how):
                try: os.open(n, how | os.O_NONBLOCK); assert False
                except BlockingIOError: pass
            refused('d', os.O_RDONLY); same(signal.sigwait([signal.SIGIO]), signal.SIGIO); refused('u', os.O_WRONLY); same(signal.sigpending(), {signal.SIGIO})
            before = [get(f) for f in fds], locks(*fds); same(before[0], [R, W, R, U, R])
            wait()
            same(([get(f) for f in fds], locks(*fds)), before); same(signal.sigwait([signal.SIGIO]), signal.SIGIO); same(signal.sigpending(), set())
            refused('w', os.O_RDONLY); same(signal.sigwait([signal.SIGIO]), signal.SIGIO); same(get(w), R)
            refused('s', os.O_WRONLY); same(signal.sigwaitinfo([signal.SIGUSR2]).si_band != 0, True); same(get(s), U)
            fcntl.fcntl(u, LEASE, U); os.close(os.open('u', os.O_WRONLY | os.O_NONBLOCK))
        """);

    /// <summary>An open transaction of SQLite is a set of byte-range locks and a journal.</summary>
    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void ATransactionOfSqliteIsStillOpen(bool newPidNamespace) => Survives(newPidNamespace, """
            import sqlite3
            one = sqlite3.connect('base', isolation_level=None); one.execute('create table t(x)'); one.execute('insert into t values (1)')
            one.execute('begin immediate'); one.execute('insert into t values (2)')
            wait()
            child = os.fork()
            if child == 0:
                two = sqlite3.connect('base', isolation_level=None, timeout=0.1)
                try: two.execute('insert into t values (3)'); os._exit(1)
                except sqlite3.OperationalError: os._exit(0 if list(two.execute('select x from t')) == [(1,)] else 2)
            same(os.waitpid(child, 0)[1], 0); one.execute('commit'); same(list(one.execute('select x from t')), [(1,), (2,)])
        """);

    [FactWith("python3")]
    public void ALockThatSomebodyTookMeanwhileStopsTheRestore()
    {
        using var program = new SelfCheckingProgram(Calls + """
                a = made('a'); fcntl.flock(a, fcntl.LOCK_EX); before = locks(a)
                wait()
                same(locks(a), before)
            """);
        program.Save();
        using (var other = OwnDescriptor.Open(Path.Combine(program.Folder, "a"), FileNative.O_RDONLY, out _)!)
        {
            Assert.Equal(0, Libc.Syscall(Sys.flock, other.Number, 1));
            var error = Assert.Throws<CrKernelException>(() => program.Restore());
            Assert.Equal(("CrLockTaken", CrErrorKind.Obstacle), (error.Id, error.Kind));
            // Not by closing it alone: a child that another test starts at this moment has it, too, until it runs its program.
            Assert.Equal(0, Libc.Syscall(Sys.flock, other.Number, 8));
        }
        program.Restore();
        Assert.Equal("ok", program.Check());
    }
}
