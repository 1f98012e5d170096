using CrCore;
using CrCore.Checkpoint;
using CrProperty.Memory;
using CrProperty.Namespaces;
using CrProperty.Objects.Files;
using Xunit;

namespace CrProperty.Objects.Ipc;

/// <summary>The System V objects of trees that have an IPC namespace of their own.</summary>
public class SystemVNamespaceTests
{
    /// <summary>
    /// Segments, sets and queues with numbers that are not the first of their namespace; the program sees by itself that they are as they were.
    /// </summary>
    private const string Program = """
            libc = ctypes.CDLL(None, use_errno=True); libc.shmat.restype = ctypes.c_void_p; libc.shmat.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int]; libc.shmdt.argtypes = [ctypes.c_void_p]
            def must(r): assert r >= 0, os.strerror(ctypes.get_errno()); return r
            ENTER
            def setting(name, value): open('/proc/sys/' + name, 'w').write(str(value))
            setting('kernel/msgmax', 100000); setting('kernel/msgmnb', 400000)
            for name in ('shm', 'sem', 'msg'): setting('kernel/%s_next_id' % name, 5 * 32768 + 9)
            lone = must(libc.shmget(0x1234, 10000, 0o3640)); tied = must(libc.shmget(0, 5000, 0o3600)); gone = must(libc.shmget(0x99, 4096, 0o3600))
            p = libc.shmat(lone, None, 0); ctypes.memmove(p, b'lone', 4); ctypes.memmove(p + 9990, b'end', 3); libc.shmdt(p); must(libc.shmctl(lone, 11, None))
            t = libc.shmat(tied, None, 0); ctypes.memmove(t + 4096, b'tied', 4)
            g = libc.shmat(gone, None, 0); ctypes.memmove(g, b'gone', 4); must(libc.shmctl(gone, 0, None))
            empty = must(libc.semget(0, 3, 0o3600))
            root = os.geteuid() == 0
            os.setegid(ODD); os.seteuid(ODD)
            many = must(libc.semget(0x77, 40, 0o3666))
            os.seteuid(0); os.setegid(0)
            must(libc.semctl(many, 0, 1, struct.pack('iIIIII80x', 0, ODD + 1, ODD + 2, 0, 0, 0o642)))
            def op(s, *ops): return libc.semop(s, b''.join(struct.pack('HhH', n, v, f) for n, v, f in ops), len(ops))
            for n, v in ((0, 1), (7, 32767), (39, 12)): must(op(many, (n, v, 0)))
            child = os.fork()
            if child == 0:
                must(op(many, (3, 300, 0))); os.write(os.open('made', os.O_CREAT | os.O_WRONLY), b'x')
                r = op(many, (5, -1, 0)); os._exit(0 if r == 0 else 1)
            while not os.path.exists('made'): time.sleep(0.01)
            queue = must(libc.msgget(0x55, 0o3620)); none = must(libc.msgget(0, 0o3600))
            sent = [(5, b'five'), (1, b''), (9, os.urandom(90000)), (5, b'five again'), (2**40, bytes(4096)), (7, b'x' * 31)] + [(n + 1, b'm%d' % n) for n in range(500)]
            def send(q, t, b): must(libc.msgsnd(q, struct.pack('l', t) + b, len(b), 0o4000))
            for kind, text in sent: send(queue, kind, text)
            must(libc.msgctl(queue, 1, struct.pack('iIIIII', 0, ODD, 0, 0, 0, 0o600) + bytes(64) + struct.pack('QQQ', 777, 0, 0)))
            setting('kernel/msgmax', 95000); setting('kernel/msgmnb', 6000); setting('kernel/sem', '20 3000 400 50'); setting('kernel/shmmni', 77); setting('fs/mqueue/msg_max', 5)
            def table(name, columns): return [[l.split()[c] for c in columns] for l in open('/proc/sysvipc/' + name)][1:]
            def limits(): return [open('/proc/sys/' + n).read() for n in ('kernel/msgmax', 'kernel/msgmnb', 'kernel/sem', 'kernel/shmmni', 'kernel/shmmax', 'fs/mqueue/msg_max', 'fs/mqueue/queues_max')]
            def sems(): return [[(libc.semctl(many, n, 12), libc.semctl(many, n, 11)) for n in range(40)], [(libc.semctl(empty, n, 12), libc.semctl(empty, n, 11)) for n in range(3)]]
            def bounds():
                b = ctypes.create_string_buffer(120); must(libc.msgctl(queue, 2, b)); return struct.unpack_from('Q', b, 88)[0]
            def look(): return table('shm', [0, 1, 2, 3, 6, 7, 8, 9, 10]), table('sem', range(8)), table('msg', [0, 1, 2, 3, 4, 7, 8, 9, 10]), limits(), sems(), bounds()
            before = look()
            wait()
            same(look(), before)
            p = libc.shmat(lone, None, 0); same(ctypes.string_at(p, 4), b'lone'); same(ctypes.string_at(p + 9990, 3), b'end')
            same(ctypes.string_at(t + 4096, 4), b'tied'); same(ctypes.string_at(g, 4), b'gone')
            libc.shmdt(g); same(len(table('shm', [0])), 3)
            same(len(set(sems()[0][n][1] for n in (0, 3))), 2)
            must(op(many, (5, 1, 0))); same(os.wait(), (child, 0)); same(len(table('shm', [0])), 2)
            setting('kernel/msgmax', 100000)
            b = ctypes.create_string_buffer(100008)
            for kind, text in sent:
                n = must(libc.msgrcv(queue, b, 100000, 0, 0o4000)); same((struct.unpack_from('l', b)[0], b.raw[8:8 + n]), (kind, text))
            same(libc.msgrcv(queue, b, 100000, 0, 0o4000), -1); same(libc.msgrcv(none, b, 100, 0, 0o4000), -1)
            fresh = must(libc.shmget(0, 100, 0o3600)); assert fresh not in (lone, tied)

        """;

    private const string Unshare = "assert libc.unshare(0x08000000) == 0";

    private static string Enter(string how, int odd = 65533) => Program.Replace("ENTER", how, StringComparison.Ordinal).Replace("ODD", odd.ToString(), StringComparison.Ordinal);

    [TheoryWithSystemV("python3"), InlineData(false), InlineData(true)]
    public void ComeBackWithTheirNumbersAndContents(bool newPidNamespace)
    {
        using var program = new SelfCheckingProgram(Enter(Unshare));
        Assert.Equal("ok", program.Journey(restore: new() { NewPidNamespace = newPidNamespace }));
    }

    /// <summary>Where the tree's ids are not this program's, and all is made with the rights of the tree's own namespace.</summary>
    [FactWithSystemV("python3")]
    public void ComeBackInAUserNamespaceOfTheTreesOwn()
    {
        const string enter = "assert libc.unshare(0x18000000) == 0; open('/proc/self/setgroups', 'w').write('deny'); open('/proc/self/uid_map', 'w').write('0 0 1'); open('/proc/self/gid_map', 'w').write('0 0 1')";
        using var program = new SelfCheckingProgram(Enter(enter, odd: 0).Replace("0 + 1, 0 + 2", "0, 0", StringComparison.Ordinal));
        Assert.Equal("ok", program.Journey(restore: new() { NewPidNamespace = true }));
    }

    [FactWithSystemV("python3")]
    public void AMessageThatTheNamespaceWouldNotTakeNowIsNamed()
    {
        using var program = new SelfCheckingProgram(Enter(Unshare).Replace("setting('kernel/msgmax', 95000); ", "setting('kernel/msgmax', 5000); ", StringComparison.Ordinal));
        var refused = Assert.Throws<CrPreflightException>(() => program.Save());
        var obstacle = Assert.Single(refused.Obstacles);
        Assert.Equal("CrIpcNotSaved", obstacle.Id);
        Assert.StartsWith("message queue ", obstacle.Object, StringComparison.Ordinal);
    }

    /// <summary>Open or not, with what waits in them in its order; made under wider limits than those of the end.</summary>
    [TheoryWithSystemV("python3"), InlineData(false), InlineData(true)]
    public void PosixMessageQueuesComeBackWithTheirMessages(bool newPidNamespace)
    {
        using var program = new SelfCheckingProgram("""
                libc = ctypes.CDLL(None, use_errno=True)
                def call(*a):
                    r = libc.syscall(*a); assert r >= 0, os.strerror(ctypes.get_errno()); return r
                call(272, 0x08000000)
                def setting(name, value): open('/proc/sys/fs/mqueue/' + name, 'w').write(str(value))
                setting('msg_max', 30); setting('msgsize_max', 20000)
                def opened(name, many, size, flags=0o102): return call(240, name, flags, 0o640, struct.pack('8q', 0, many, size, 0, 0, 0, 0, 0))
                def send(q, text, priority): call(242, q, text, len(text), priority, None)
                def take(q, size):
                    b = ctypes.create_string_buffer(size); p = ctypes.c_uint(); n = call(243, q, b, size, ctypes.byref(p), None); return b.raw[:n], p.value
                def bounds(q):
                    b = ctypes.create_string_buffer(64); call(245, q, None, b); return struct.unpack_from('4q', b)[1:]
                lone = opened(b'lone', 25, 20000); odd = [(b'three', 3), (b'', 7), (os.urandom(20000), 3), (b'zero', 0), (b'again three', 3), (b'top', 32767)]
                for m in odd: send(lone, *m)
                for n in range(15): send(lone, b'm%d' % n, 5)
                os.fchown(lone, 65533, 65532); os.fchmod(lone, 0o644); os.close(lone); os.close(opened(b'empty', 3, 10))
                held = opened(b'held', 4, 100); send(held, b'one', 1); send(held, b'two', 2)
                setting('msg_max', 5); setting('msgsize_max', 500)
                before = bounds(held), os.fstat(held)[:1]
                wait()
                same((bounds(held), os.fstat(held)[:1]), before); same([take(held, 100) for _ in range(2)], [(b'two', 2), (b'one', 1)])
                same([open('/proc/sys/fs/mqueue/' + n).read() for n in ('msg_max', 'msgsize_max')], ['5\n', '500\n'])
                lone = call(240, b'lone', 2, 0, None); same(bounds(lone), (25, 20000, 21)); s = os.fstat(lone); same((s.st_mode & 0o7777, s.st_uid, s.st_gid), (0o644, 65533, 65532))
                same([take(lone, 20000) for _ in range(21)], sorted(odd + [(b'm%d' % n, 5) for n in range(15)], key=lambda m: -m[1]))
                same(bounds(call(240, b'empty', 2, 0, None)), (3, 10, 0))
            """);
        Assert.Equal("ok", program.Journey(restore: new() { NewPidNamespace = newPidNamespace }));
    }
}
