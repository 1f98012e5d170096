using CrProperty.Kernel;
using CrProperty.Objects.Files;
using Xunit;

namespace CrProperty.Objects.State;

/// <summary>
/// Futexes in memory that processes share: who waits is woken, who holds a robust one and ends hands it on, also with priority
/// inheritance, where the kernel knows holders by their tids.
/// </summary>
public class FutexTests
{
    private const string Program = """
            import mmap, threading
            libc = ctypes.CDLL(None, use_errno=True)
            memory = mmap.mmap(-1, 8192); base = ctypes.addressof(ctypes.c_char.from_buffer(memory))
            OWNERDEAD, ROBUST, INHERIT = 130, 1, 1
            def mutex(at, robust, inherit):
                a = ctypes.create_string_buffer(64); libc.pthread_mutexattr_init(a); libc.pthread_mutexattr_setpshared(a, 1)
                if robust: same(libc.pthread_mutexattr_setrobust(a, ROBUST), 0)
                if inherit: same(libc.pthread_mutexattr_setprotocol(a, INHERIT), 0)
                same(libc.pthread_mutex_init(ctypes.c_void_p(base + at), a), 0); return ctypes.c_void_p(base + at)
            plain, robust, inheriting, both, own, guard = [mutex(64 * i, r, p) for i, (r, p) in enumerate(((0, 0), (1, 0), (0, 1), (1, 1), (1, 0), (0, 0)))]
            lock, unlock, consistent = libc.pthread_mutex_lock, libc.pthread_mutex_unlock, libc.pthread_mutex_consistent
            condition = ctypes.c_void_p(base + 1024); a = ctypes.create_string_buffer(64); libc.pthread_condattr_init(a); libc.pthread_condattr_setpshared(a, 1); same(libc.pthread_cond_init(condition, a), 0)
            barrier = ctypes.c_void_p(base + 2048); a = ctypes.create_string_buffer(64); libc.pthread_barrierattr_init(a); libc.pthread_barrierattr_setpshared(a, 1); same(libc.pthread_barrier_init(barrier, a, 2), 0)
            flag = ctypes.c_int.from_buffer(memory, 4096); r, w = os.pipe()
            def child(f):
                pid = os.fork()
                if pid: return pid
                try: f(); os._exit(0)
                except BaseException: said('child%d' % os.getpid(), traceback.format_exc()); os._exit(1)
            def hold():
                same(lock(robust), 0); same(lock(both), 0); os.write(w, b'x'); signal.pause()
            def takes(m, result, after=lambda m: 0):
                def f(): same(lock(m), result); same(after(m), 0); same(unlock(m), 0)
                return f
            def awaits():
                same(lock(guard), 0)
                while flag.value != 7: same(libc.pthread_cond_wait(condition, guard), 0)
                same(unlock(guard), 0)
            def meets(): assert libc.pthread_barrier_wait(barrier) in (0, -1)
            def in_futex(pid): return open('/proc/%d/syscall' % pid).read().split()[0] == '202'
            same(lock(plain), 0); same(lock(inheriting), 0)
            holder = child(hold); os.read(r, 1)
            waiters = [child(f) for f in (takes(plain, 0), takes(robust, OWNERDEAD, consistent), takes(inheriting, 0), takes(both, OWNERDEAD, consistent), takes(inheriting, 0), awaits, meets)]
            end = threading.Event(); t = threading.Thread(target=lambda: (same(lock(own), 0), end.wait())); t.start()
            while not all(in_futex(p) for p in waiters): time.sleep(0.01)
            wait()
            while not all(in_futex(p) for p in waiters): time.sleep(0.01)
            same([os.waitpid(p, os.WNOHANG)[0] for p in waiters], [0] * len(waiters))
            os.kill(holder, signal.SIGKILL); same(os.waitpid(holder, 0)[1], signal.SIGKILL)
            same(unlock(plain), 0); same(unlock(inheriting), 0)
            same(lock(guard), 0); flag.value = 7; same(libc.pthread_cond_signal(condition), 0); same(unlock(guard), 0); meets()
            same([os.waitpid(p, 0)[1] for p in waiters], [0] * len(waiters))
            end.set(); t.join(); same(lock(own), OWNERDEAD)

        """;

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void WaitersAndHoldersInSeveralProcesses(bool newPidNamespace)
    {
        using var program = new SelfCheckingProgram(Program);
        Assert.Equal("ok", program.Journey(restore: new() { NewPidNamespace = newPidNamespace }));
    }
}
