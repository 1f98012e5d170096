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
        if (program.Journey(restore: new() { NewPidNamespace = newPidNamespace }) is var said and not "ok")
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
