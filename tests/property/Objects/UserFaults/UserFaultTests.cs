using CrCore;
using CrCore.Objects.Memory;
using CrCore.Objects.UserFaults;
using CrProperty.Kernel;
using CrProperty.Objects.Files;
using FsCheck.Xunit;
using Xunit;

namespace CrProperty.Objects.UserFaults;

/// <summary>userfaultfd(2): as records, and through a checkpoint and a restore of a live program whose thread answers its faults.</summary>
public class UserFaultTests
{
    private const string Calls = """
            import threading
            libc = ctypes.CDLL(None, use_errno=True); P = 4096
            libc.mmap.restype = ctypes.c_void_p; libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
            def new(pages): a = libc.mmap(None, pages * P, 3, 0x22, -1, 0); assert a not in (None, 2 ** 64 - 1); return a
            def ask(fd, request, data):
                b = ctypes.create_string_buffer(data); r = libc.ioctl(fd, ctypes.c_ulong(request), b); return 0 if r >= 0 else ctypes.get_errno()
            def made(features=0, flags=os.O_NONBLOCK):
                fd = libc.syscall(323, flags); assert fd >= 0, os.strerror(ctypes.get_errno()); same(ask(fd, 0xc018aa3f, struct.pack('QQQ', 0xaa, features, 0)), 0); return fd
            def register(fd, start, pages, mode): same(ask(fd, 0xc020aa00, struct.pack('QQQQ', start, pages * P, mode, 0)), 0)
            def copy(fd, start, data): return ask(fd, 0xc028aa03, struct.pack('QQQQq', start, ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p).value, P, 0, 0))
            def zero(fd, start): return ask(fd, 0xc020aa04, struct.pack('QQQq', start, P, 0, 0))
            def protect(fd, start, pages, mode): return ask(fd, 0xc018aa06, struct.pack('QQQ', start, pages * P, mode))
            def event(fd, wait=10000):
                p = select.poll(); p.register(fd, select.POLLIN)
                if not p.poll(wait): return None
                m = os.read(fd, 32); return m[0], struct.unpack_from('QQ', m, 8)     # event; flags, address
            byte = lambda a: ctypes.c_ubyte.from_address(a)
            libc.memcpy.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]
            # By a call of the C library, which others need not wait for.
            def touched(a, value=None):
                def go(b=ctypes.create_string_buffer(1 if value is None else bytes([value]), 1)):
                    libc.memcpy(*((b, a) if value is None else (a, b)), 1); seen.append(b.raw[0])
                seen = []; t = threading.Thread(target=go, daemon=True); t.start(); return t, seen
            def vm(*starts):
                found, at = {}, 0
                for l in open('/proc/self/smaps'):
                    f = l.split()
                    if '-' in f[0] and f[0][-1] != ':': at = int(f[0].split('-')[0], 16)
                    elif f[0] == 'VmFlags:' and at in starts: found[at] = sorted(x for x in f[1:] if x[0] == 'u' and x[1] in 'mwi')
                return [found.get(s) for s in starts]
            def api(fd): return [l for l in open('/proc/self/fdinfo/%d' % fd) if l.startswith('API')]
            def here(start, pages):
                with open('/proc/self/pagemap', 'rb') as f: f.seek(start // P * 8); return [x >> 62 != 0 for x in struct.unpack('%dQ' % pages, f.read(pages * 8))]
            MISSING, PROTECTED = 1, 2

        """;

    private static void Survives(bool newPidNamespace, string code)
    {
        using var program = new SelfCheckingProgram(Calls + code);
        if (program.Journey(restore: new() { NewPidNamespace = newPidNamespace }) is var said and not "ok")
            Assert.Fail(said);
    }

    private static void RunsOn(string code)
    {
        using var program = new SelfCheckingProgram(Calls + code);
        program.SaveRunning(new() { LeastCopiedBytes = 0 });
        if (program.CheckRunning() is var said and not "ok")
            Assert.Fail(said);
    }

    [Property]
    public void Record(ushort vpid, ulong features, bool user, byte ranges, byte pages)
    {
        var record = new UserFaultRecord(vpid, features, user,
            [.. Enumerable.Range(1, ranges).Select(i => new HandledRange((ulong)i << 20, ((ulong)i << 20) + 8192, (ulong)(i % 3 + 1)))],
            [.. Enumerable.Range(1, pages).Select(i => new AddressRange((ulong)i << 20, ((ulong)i << 20) + 4096))]);
        Assert.Equal(record, RecordCode.Again(record));
    }

    [Theory]
    [InlineData(4096, 4096, 1), InlineData(4097, 8192, 1), InlineData(4096, 8192, 0), InlineData(4096, 8192, 4)]
    public void ARangeThatIsNoneIsAnError(ulong start, ulong end, ulong mode)
        => Assert.Throws<CrImageException>(() => RecordCode.Again(new UserFaultRecord(1, 0, false, [new(start, end, mode)], [])));

    /// <summary>What is missing stays so, also between pages of zeros that were copied or given; threads wait for pages, before and after the monitor has read of it.</summary>
    private const string Missing = """
            a, big, u = new(16), new(1024), made(1 << 8); register(u, a, 16, MISSING); register(u, big, 1024, MISSING); other = new(4); byte(other).value = 9
            same(copy(u, a, b'A' * P), 0); same(zero(u, a + P), 0); same(copy(u, a + 2 * P, bytes(P)), 0); same(copy(u, big + 700 * P, b'B' * P), 0); same(zero(u, big + 701 * P), 0)
            ep = select.epoll(); ep.register(u, select.EPOLLIN); same(ep.poll(0), [])
            first, saw = touched(a + 5 * P); same(event(u)[0], 0x12); second, saw2 = touched(a + 6 * P + 7, 77)
            while not ep.poll(10): pass
            facts = lambda: (vm(a, big, other), api(u), here(a, 16), here(big, 1024), fcntl.fcntl(u, fcntl.F_GETFL), os.get_inheritable(u)); before = facts()
            wait()
            same(facts(), before); same([byte(a).value, byte(a + P).value, byte(a + 2 * P).value, byte(big + 700 * P).value, byte(big + 701 * P).value], [65, 0, 0, 66, 0]); same([saw, saw2], [[], []])
            same(copy(u, a + 5 * P, b'C' * P), 0)           # of which it had read
            # A thread that faults again may tell once more of the page that is answered by now.
            at = a + 5 * P
            while at == a + 5 * P: at = event(u)[1][1] & -P
            same(at, a + 6 * P); same(zero(u, a + 6 * P), 0); first.join(20); second.join(20); same([saw, saw2, byte(a + 6 * P + 7).value], [[67], [77], 77])
            third, saw3 = touched(big + 3 * P); same(event(u)[1][1] & -P, big + 3 * P); same(copy(u, big + 3 * P, b'D' * P), 0); third.join(20); same(saw3, [68]); same(copy(u, a, b'x' * P), 17)
        """;

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void MissingPages(bool newPidNamespace) => Survives(newPidNamespace, Missing);

    [FactWith("python3")]
    public void MissingPagesOfAProgramThatRunsOn() => RunsOn(Missing);

    /// <summary>Pages that may not be written to before the program has seen it, and such that may; and two userfaultfds of one program.</summary>
    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void ProtectedPages(bool newPidNamespace) => Survives(newPidNamespace, """
            a, b, u, v = new(8), new(8), made(1), made()
            for i in range(8): byte(a + i * P).value = i + 1
            register(u, a, 8, PROTECTED); register(v, b, 8, MISSING); same(protect(u, a, 8, 1), 0); same(protect(u, a + 2 * P, 2, 0), 0); register(u, a, 8, MISSING | PROTECTED)
            def bits():
                with open('/proc/self/pagemap', 'rb') as f: f.seek(a // P * 8); return [x >> 57 & 1 for x in struct.unpack('8Q', f.read(64))]
            facts = lambda: (vm(a, b), api(u), api(v), bits(), here(a, 8), here(b, 8)); before = facts(); same(before[3], [1, 1, 0, 0, 1, 1, 1, 1])
            wait()
            same(facts(), before); byte(a + 2 * P).value = 42; t, saw = touched(a + P, 99); flags, at = event(u)[1]; same(at & -P, a + P); same(flags & 2, 2); same(event(v, 0), None)
            same(byte(a + P).value, 2); same(protect(u, a + P, 1, 0), 0); t.join(20); same([saw, byte(a + P).value, byte(a + 2 * P).value], [[99], 99, 42])
            t, saw = touched(b); same(event(v)[1][1] & -P, b); same(zero(v, b), 0); t.join(20); same(saw, [0]); same(ask(u, 0xc020aa00, struct.pack('QQQQ', b, P, MISSING, 0)), 16)
        """);

    /// <summary>The parent answers the faults of its child, which has sent it the descriptor and closed its own; it has one of its own that handles nothing yet.</summary>
    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void AnotherTaskAnswers(bool newPidNamespace) => Survives(newPidNamespace, """
            import socket
            idle = made(); here_, there = socket.socketpair(); a = new(8); r, w = os.pipe(); child = os.fork()
            if child == 0:
                u = made(); register(u, a, 8, MISSING); socket.send_fds(there, [b'u'], [u]); os.close(u); os.close(idle)
                os.write(w, bytes([byte(a + 3 * P).value])); os._exit(5)
            u = socket.recv_fds(here_, 1, 1)[1][0]
            while event(u, 0) is None: time.sleep(0.01)
            wait()
            same(select.select([r], [], [], 0.1)[0], []); same(copy(u, a + 3 * P, b'Z' * P), 0); same(os.read(r, 1), b'Z'); same(os.waitstatus_to_exitcode(os.wait()[1]), 5)
            b = new(2); register(idle, b, 2, MISSING); t, saw = touched(b + P); same(event(idle)[1][1] & -P, b + P); same(copy(idle, b + P, b'Y' * P), 0); t.join(20); same(saw, [89])
        """);

    /// <summary>Shared memory has pages that others bring; a parent's that handles nothing, and that only its child has.</summary>
    [TheoryWith("python3")]
    [InlineData("CrMappingUserFault", "a = libc.mmap(None, 8 * P, 3, 0x21, -1, 0); u = made(); register(u, a, 8, MISSING)")]
    [InlineData("CrMappingUserFault", "a = new(4); u = made(); register(u, a, 4, MISSING); same(zero(u, a), 0); same([zero(u, a + i * P) for i in range(1, 4)], [0] * 3); same(libc.mlock(ctypes.c_void_p(a), 4 * P), 0)")]
    [InlineData("CrUserFault", "a = new(4); u = made(1 << 13); register(u, a, 4, PROTECTED)")]
    [InlineData("CrUserFault", "r, w = os.pipe(); u = made(); child = os.fork()\n    if child == 0: os.write(w, b'x'); time.sleep(600)\n    os.read(r, 1); os.close(u)")]
    public void WhatCannotBeSaved(string id, string code)
    {
        using var program = new SelfCheckingProgram(Calls + $"""
                {code}
                wait()
            """);
        var error = Assert.ThrowsAny<CrException>(() => program.Save());
        Assert.Equal(id, error is CrPreflightException preflight ? Assert.Single(preflight.Obstacles).Id : error.Id);
    }
}
