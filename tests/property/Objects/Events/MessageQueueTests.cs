using CrCore;
using CrCore.Objects.Events;
using CrProperty.Kernel;
using CrProperty.Objects.Files;
using FsCheck.Xunit;
using Xunit;

namespace CrProperty.Objects.Events;

/// <summary>POSIX message queues: as records, and through a checkpoint and a restore of a live program that checks itself.</summary>
public class MessageQueueTests
{
    private const string Calls = """
            libc = ctypes.CDLL('librt.so.1', use_errno=True); name = '/cr%d' % os.getpid(); other = name + 'u'
            def opened(n, flags, most=5):
                q = libc.mq_open(n.encode(), flags, 0o640, ctypes.byref((ctypes.c_long * 8)(0, most, 16))) ; assert q >= 0, os.strerror(ctypes.get_errno()); return q
            def attributes(q): a = (ctypes.c_long * 8)(); same(libc.mq_getattr(q, a), 0); return list(a[:4])
            send = lambda q, text, p: libc.mq_send(q, text, len(text), p)
            def receive(q): b = ctypes.create_string_buffer(16); p = ctypes.c_uint(); n = libc.mq_receive(q, b, 16, ctypes.byref(p)); return (b.raw[:n], p.value) if n >= 0 else None

        """;

    /// <summary>mq_notify of the kernel, and what waits: signals with their values, read of nobody's handler.</summary>
    private const string Notices = Calls + """
            def event(notify, number, value): return ctypes.create_string_buffer(struct.pack('Qii48x', value, number, notify))
            def notify(q, sigevent): return 0 if libc.syscall(244, q, sigevent) == 0 else ctypes.get_errno()
            def taken(s):
                b = ctypes.create_string_buffer(128); n = libc.sigtimedwait(ctypes.byref((ctypes.c_ulong * 16)(1 << s - 1)), b, ctypes.byref((ctypes.c_long * 2)(0, 0)))
                return (n,) + struct.unpack_from('i', b, 8) + struct.unpack_from('Q', b, 24) if n > 0 else None
            def nameless(flags, most=5):
                q = opened(other, os.O_RDWR | os.O_CREAT, most); r = q if flags == os.O_RDWR else opened(other, flags); libc.mq_unlink(other.encode())
                if r != q: os.close(q)
                return r
            # To open and close another descriptor of a queue would end the registration.
            form = lambda q: os.pread(q, 200, 0).split(b'NOTIFY_PID')[0] if fcntl.fcntl(q, fcntl.F_GETFL) & 3 != os.O_WRONLY else None
            EBUSY, SI_MESGQ = 16, -3
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2, 40, 41, 42])

        """;

    [Property]
    public void Notice(uint vpid, ushort fd, byte form, byte signal, ulong value, ulong cookie)
    {
        var record = new MessageNoticeRecord(vpid, fd, form % 3, signal % 65, value, new(cookie, value, ~cookie, ~value));
        Assert.Equal(record, RecordCode.Again(record));
    }

    [Theory]
    [InlineData(-1, 0, 10), InlineData(0, 3, 0), InlineData(0, 0, 65), InlineData(0, 2, -1)]
    public void ANoticeThatIsNoneIsAnError(int fd, int form, int signal)
        => Assert.Throws<CrImageException>(() => RecordCode.Again(new MessageNoticeRecord(1, fd, form, signal, 0, default)));

    /// <summary>By signals with their values, by a standard one, by one that is ignored; by nothing; through descriptors of every kind. One message tells once.</summary>
    private const string Signals = Notices + """
            signal.signal(signal.SIGURG, signal.SIG_IGN)
            rt, std, ign, wr, rd, no, none = (nameless(f) for f in (os.O_RDWR, os.O_RDWR, os.O_RDWR, os.O_WRONLY, os.O_RDONLY, os.O_RDWR, os.O_RDWR))
            named = opened(name, os.O_RDWR | os.O_CREAT)
            for q, s, v in ((rt, 40, 2 ** 63 + 5), (std, signal.SIGUSR2, 77), (ign, signal.SIGURG, 3), (wr, 41, 1 << 40), (named, 42, 6)): same(notify(q, event(0, s, v)), 0)
            same(notify(no, event(0, 0, 9)), 0); same(notify(none, event(1, 0, 0)), 0); twin = os.dup(rt)
            child = os.fork()
            if child == 0:
                # Another's registration, for the parent's queue.
                same(notify(rd, event(0, 40, 4711)), 0); r = taken; said('child', 'yes')
                while taken(40) != (40, SI_MESGQ, 4711): time.sleep(0.01)
                os._exit(7)
            while not os.path.exists(d + '/child'): time.sleep(0.01)
            all = (rt, std, ign, wr, rd, no, none, named); forms = lambda: [form(q) for q in all]; before = forms()
            try:
                wait()
                same(forms(), before); same([notify(q, event(0, 40, 0)) for q in all], [EBUSY] * 8); same([taken(s) for s in (40, 41, 42, signal.SIGUSR2)], [None] * 4)
                w = os.open('/proc/self/fd/%d' % rd, os.O_WRONLY)
                for q in (rt, std, ign, wr, no, none, named, w): send(q, b'a', 1)
                same([taken(s) for s in (40, 41, 42, signal.SIGUSR2)], [(40, SI_MESGQ, 2 ** 63 + 5), (41, SI_MESGQ, 1 << 40), (42, SI_MESGQ, 6), (signal.SIGUSR2, SI_MESGQ, 77)]); same(taken(40), None)
                same([receive(q) for q in (rt, std, ign, no, none, named, rd)], [(b'a', 1)] * 7); same(os.waitstatus_to_exitcode(os.wait()[1]), 7); same(notify(none, event(1, 0, 0)), 0)
            finally: libc.mq_unlink(name.encode())
        """;

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void WhoWaitsToBeNotified(bool newPidNamespace)
    {
        using var program = new SelfCheckingProgram(Signals);
        IsOk(program.Journey(restore: new() { NewPidNamespace = newPidNamespace }));
    }

    [FactWith("python3")]
    public void WhoWaitsToBeNotifiedRunsOn()
    {
        using var program = new SelfCheckingProgram(Signals);
        program.SaveRunning();
        IsOk(program.CheckRunning());
    }

    /// <summary>As glibc does it: a thread of its own waits at a netlink socket.</summary>
    private const string Threads = Notices + """
            seen = []; called = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(seen.append); q = nameless(os.O_RDWR)
            sigevent = ctypes.create_string_buffer(struct.pack('QiiQQ32x', 0x123456789a, 0, 2, ctypes.cast(called, ctypes.c_void_p).value, 0)); same(libc.mq_notify(q, sigevent), 0)
            wait()
            same(notify(q, event(0, 40, 0)), EBUSY); same(seen, []); send(q, b'a', 1)
            for i in range(2000):
                if seen: break
                time.sleep(0.01)
            same(seen, [0x123456789a]); same(receive(q), (b'a', 1)); same(libc.mq_notify(q, sigevent), 0); send(q, b'b', 1)
            for i in range(2000):
                if len(seen) > 1: break
                time.sleep(0.01)
            same(len(seen), 2)
        """;

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void AThreadThatIsCalled(bool newPidNamespace)
    {
        using var program = new SelfCheckingProgram(Threads);
        IsOk(program.Journey(restore: new() { NewPidNamespace = newPidNamespace }));
    }

    [FactWith("python3")]
    public void AThreadThatIsCalledRunsOn()
    {
        using var program = new SelfCheckingProgram(Threads);
        program.SaveRunning();
        IsOk(program.CheckRunning());
    }

    /// <summary>What would do harm to find out: a signal that stops, another process that might take the message, sockets that it could be.</summary>
    [TheoryWith("python3")]
    [InlineData("same(notify(nameless(os.O_RDWR), event(0, signal.SIGTSTP, 1)), 0)")]
    [InlineData("import socket; a, b = (socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) for i in range(2)); same(notify(nameless(os.O_RDWR), ctypes.create_string_buffer(struct.pack('Qii48x', ctypes.addressof(ctypes.create_string_buffer(32)), a.fileno(), 2))), 0)")]
    public void ANoticeThatCannotBeFoundIsRefused(string code)
    {
        using var program = new SelfCheckingProgram(Notices + $"""
                {code}
                wait()
            """);
        Assert.Equal("CrMessageQueueNotify", Assert.Single(Assert.Throws<CrPreflightException>(() => program.Save()).Obstacles).Id);
    }

    [FactWith("python3")]
    public void ANoticeOfAQueueThatOthersHaveIsRefused()
    {
        using var program = new SelfCheckingProgram(Notices + """
                q = opened(name, os.O_RDWR | os.O_CREAT); same(notify(q, event(0, 40, 1)), 0); said('name', name)
                try: wait()
                finally: libc.mq_unlink(name.encode())
            """);
        using (CrCore.Kernel.MessageQueue.Open(File.ReadAllText(Path.Combine(program.Folder, "name")), out _))
            Assert.Equal("CrMessageQueueNotify", Assert.Single(Assert.Throws<CrPreflightException>(() => program.Save()).Obstacles).Id);
        Assert.Equal("ok", program.Journey());
    }

    [Property]
    public void Record(uint objRef, byte max, byte size, byte messages, uint mode, bool isUnlinked, bool isOwn)
    {
        var record = new MessageQueueRecord(objRef, max + 1L, size + 1L, messages % (max + 1), mode, mode ^ 5, mode ^ 9, isUnlinked, isOwn);
        Assert.Equal(record, RecordCode.Again(record));
    }

    [Fact]
    public void MoreMessagesThanFitAreAnError()
        => Assert.Throws<CrImageException>(() => RecordCode.Again(new MessageQueueRecord(1, 4, 16, 5, 0, 0, 0, false, false)));

    /// <summary>Of the machine's own namespace: by name, with what waits in it; and without a name, empty.</summary>
    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void WithAndWithoutAName(bool newPidNamespace)
    {
        using var program = new SelfCheckingProgram(Calls + """
                q = opened(name, os.O_RDWR | os.O_CREAT); w = opened(name, os.O_WRONLY | os.O_NONBLOCK); u = opened(other, os.O_RDWR | os.O_CREAT | os.O_NONBLOCK, 7)
                libc.mq_unlink(other.encode()); v = os.open('/proc/self/fd/%d' % u, os.O_WRONLY); send(q, b'low', 1); send(w, b'high', 9); before = [attributes(x) for x in (q, w, u)]
                facts = lambda f: (os.fstat(f).st_mode, os.fstat(f).st_nlink, os.readlink('/proc/self/fd/%d' % f), fcntl.fcntl(f, fcntl.F_GETFL)); modes = [facts(x) for x in (q, w, u, v)]
                try:
                    wait()
                    same([attributes(x) for x in (q, w, u)], before); same([facts(x) for x in (q, w, u, v)], modes)
                    same((receive(q), receive(q)), ((b'high', 9), (b'low', 1))); send(w, b'x', 0); same(receive(q), (b'x', 0)); same(receive(u), None); send(v, b'y', 3); same(receive(u), (b'y', 3))
                finally: libc.mq_unlink(name.encode())
            """);
        IsOk(program.Journey(restore: new() { NewPidNamespace = newPidNamespace }));
    }

    /// <summary>With all that the program said.</summary>
    private static void IsOk(string said)
    {
        if (said != "ok")
            Assert.Fail(said);
    }

    [FactWith("python3")]
    public void MessagesThatWouldBeLostAreRefused()
    {
        using var program = new SelfCheckingProgram(Calls + """
                u = opened(other, os.O_RDWR | os.O_CREAT); libc.mq_unlink(other.encode()); send(u, b'x', 1)
                wait()
            """);
        Assert.Equal("CrMessagesWait", Assert.Throws<CrPreflightException>(() => program.Save()).Obstacles[0].Id);
    }
}
