using CrCore;
using CrProperty.Kernel;
using CrProperty.Objects.Files;
using Xunit;

namespace CrProperty.Objects.Events;

/// <summary>Descriptors that stand for processes through a checkpoint and a restore of a live program that checks itself.</summary>
public class PidFdJourneyTests
{
    private const string Calls = """
            libc = ctypes.CDLL(None, use_errno=True); opened = lambda pid, flags=0: libc.syscall(434, pid, flags); ready = lambda f: bool(select.select([f], [], [], 0)[0])
            def child(status=0, live=False):
                pid = os.fork()
                if pid == 0:
                    signal.pthread_sigmask(signal.SIG_SETMASK, []); signal.pause() if live else os._exit(status)
                return pid
            def info(f): return [l for l in open('/proc/self/fdinfo/%d' % f).read().splitlines() if l.split(':')[0] in ('flags', 'Pid', 'NSpid')]
            def code(f):
                b = bytearray(64); b[0] = 8; fcntl.ioctl(f, 0xC040FF0B, b); return struct.unpack_from('i', b, 60)[0] if b[0] & 8 else None

        """;

    private static void Survives(bool newPidNamespace, string code)
    {
        using var program = new SelfCheckingProgram(Calls + code);
        if (program.Journey(restore: new() { NewPidNamespace = newPidNamespace }) is var said and not "ok")
            Assert.Fail(said);
    }

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void OfLivingAndEndedTasks(bool newPidNamespace) => Survives(newPidNamespace, """
            self = opened(os.getpid()); c = child(live=True); a = opened(c, os.O_NONBLOCK); b = opened(c, os.O_EXCL); z = child(7); zf = opened(z)
            while open('/proc/%d/stat' % z).read().split()[2] != 'Z': time.sleep(0.01)
            before = [info(f) for f in (self, a, b, zf)]
            wait()
            same([info(f) for f in (self, a, b, zf)], before); same([ready(f) for f in (self, a, zf)], [False, False, True]); same(os.fstat(a).st_ino, os.fstat(b).st_ino)
            same(os.waitid(os.P_PIDFD, zf, os.WEXITED).si_status, 7); signal.pidfd_send_signal(a, signal.SIGKILL); same(os.waitpid(c, 0)[1], 9); same(ready(b), True); signal.pidfd_send_signal(self, 0)
        """);

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void OfProcessesThatAreGone(bool newPidNamespace) => Survives(newPidNamespace, """
            one, two, three = child(3), child(live=True), child(0); a, b, c, e = opened(one), opened(two), opened(two, os.O_NONBLOCK), opened(three)
            os.kill(two, 15); [os.waitpid(p, 0) for p in (one, two, three)]; r, w = os.pipe(); back, answer = os.pipe()
            if os.fork() == 0: os.read(r, 1); os.write(answer, struct.pack('Q', os.fstat(b).st_ino)); os._exit(0)
            before = [info(f) for f in (a, b, c, e)], [code(f) for f in (a, b, e)]
            wait()
            same(([info(f) for f in (a, b, c, e)], [code(f) for f in (a, b, e)]), before); same(os.fstat(b).st_ino, os.fstat(c).st_ino); same(len({os.fstat(f).st_ino for f in (a, b, e)}), 3)
            os.write(w, b'x'); same(struct.unpack('Q', os.read(back, 8))[0], os.fstat(b).st_ino); same(ready(a), True); os.wait()
            try: signal.pidfd_send_signal(b, 0); assert False
            except ProcessLookupError: pass
            try: os.wait(); assert False
            except ChildProcessError: pass
        """);

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void OfThreads(bool newPidNamespace) => Survives(newPidNamespace, """
            import threading; go = threading.Event(); ids = []; t = threading.Thread(target=lambda: (ids.append(threading.get_native_id()), go.wait())); t.start()
            while not ids: time.sleep(0.01)
            f = opened(ids[0], os.O_EXCL); g = opened(ids[0], os.O_EXCL | os.O_NONBLOCK); os.dup2(f, 60); os.set_inheritable(f, False); before = [info(x) for x in (f, g, 60)]
            wait()
            same([info(x) for x in (f, g, 60)], before); same([ready(x) for x in (f, g, 60)], [False] * 3); signal.pidfd_send_signal(f, 0); same(os.fstat(f).st_ino, os.fstat(g).st_ino)
            go.set(); t.join()
            while not ready(60): time.sleep(0.01)
            same((ready(f), ready(g)), (True, True))
        """);

    /// <summary>What /proc shows of the tree's own tasks, and what it showed of one that has ended.</summary>
    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void FilesOfProcesses(bool newPidNamespace) => Survives(newPidNamespace, """
            c, g = child(live=True), child(live=True); s = os.open('/proc/%d/stat' % c, os.O_RDONLY); o = os.open('/proc/self/comm', os.O_RDONLY); t = os.open('/proc/%d' % c, os.O_RDONLY)
            x, y = os.open('/proc/%d/status' % g, os.O_RDONLY), os.open('/proc/%d' % g, os.O_RDONLY); os.kill(g, 9); os.waitpid(g, 0)
            before = [os.readlink('/proc/self/fd/%d' % f) for f in (s, o, t, y)]
            wait()
            same([os.readlink('/proc/self/fd/%d' % f) for f in (s, o, t, y)], before); same(os.read(s, 99).split()[0], b'%d' % c); same(os.read(o, 99), b'python3\n'); assert 'comm' in os.listdir(t)
            try: os.read(x, 9); assert False
            except ProcessLookupError: pass
            os.kill(c, 9); same(os.wait(), (c, 9))
        """);

    [FactWith("python3")]
    public void OneOfAProcessOutsideIsRefused()
    {
        using var program = new SelfCheckingProgram(Calls + $"""
                f = opened({Environment.ProcessId})
                wait()
            """);
        Assert.Equal("CrPidFdOutside", Assert.Throws<CrPreflightException>(() => program.Save()).Obstacles[0].Id);
    }
}
