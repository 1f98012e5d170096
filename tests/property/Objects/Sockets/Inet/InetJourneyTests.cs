using CrCore;
using CrProperty.Kernel;
using CrProperty.Objects.Files;
using Xunit;

namespace CrProperty.Objects.Sockets.Inet;

/// <summary>Internet sockets without a connection through a checkpoint and a restore of a live program that checks itself.</summary>
[Collection(Ports.Name)]
public class InetJourneyTests
{
    private const string Calls = """
            import socket
            from socket import *
            def option(s, level, name, size=4): return s.getsockopt(level, name, size)
            def bound(s, *address): s.bind(address); return s
            def free(s):
                s.settimeout(0.1)
                try: s.recv(1); return False
                except TimeoutError: return True
                finally: s.settimeout(None)
            def queues(*sockets): return [l.split()[4] for x in sockets for f in ('udp', 'udp6') for l in open('/proc/net/' + f) if l.split()[9] == str(os.fstat(x.fileno()).st_ino)]
            def come(send, *sockets):
                # A loaded machine delivers later, and what has not come when the socket is connected is thrown away.
                before = queues(*sockets); send(); same(len(before), len(sockets))
                while queues(*sockets) == before: time.sleep(0.001)

        """;

    private static void Survives(string code)
    {
        using var program = new SelfCheckingProgram(Calls + code);
        Assert.Same("ok", Said(program.Journey(restore: new() { NewPidNamespace = true })));
    }

    private static string Said(string result) => result == "ok" ? "ok" : throw new Xunit.Sdk.XunitException(result);

    [TheoryWith("python3"), InlineData("AF_INET", "127.0.0.1"), InlineData("AF_INET6", "::1")]
    public void Udp(string family, string address) => Survives($"""
            a = bound(socket({family}, SOCK_DGRAM), '{address}', 0); b = bound(socket({family}, SOCK_DGRAM), '{address}', 0)
            b.connect(a.getsockname()); c = socket({family}, SOCK_DGRAM); free_one = socket({family}, SOCK_DGRAM)
            c.connect(a.getsockname()); names = [x.getsockname() for x in (a, b, c)]; c.shutdown(SHUT_RD)
            a.setsockopt(SOL_SOCKET, SO_BROADCAST, 1); a.setsockopt(SOL_SOCKET, SO_RCVBUF, 54321); before = option(a, SOL_SOCKET, SO_RCVBUF)
            wait()
            same([x.getsockname() for x in (a, b, c)], names); same(b.getpeername(), names[0]); same(free_one.getsockname()[1], 0)
            same(a.getsockopt(SOL_SOCKET, SO_BROADCAST), 1); same(option(a, SOL_SOCKET, SO_RCVBUF), before); same(a.getsockopt(SOL_SOCKET, SO_REUSEADDR), 0)
            b.send(b'one'); same(a.recvfrom(9), (b'one', names[1])); a.sendto(b'two', names[1]); same(b.recv(9), b'two')
            c.send(b'three'); same(a.recvfrom(9), (b'three', names[2])); same(c.recv(9), b'')
            free_one.sendto(b'four', names[0]); same(a.recv(9), b'four')
        """);

    /// <summary>Datagrams that wait, of senders that are there and that are gone, in sockets bound to one address and to all, with an empty one first.</summary>
    [TheoryWith("python3")]
    [InlineData("AF_INET", "127.0.0.1", "127.0.0.1"), InlineData("AF_INET", "127.0.0.1", "0.0.0.0")]
    [InlineData("AF_INET6", "::1", "::1"), InlineData("AF_INET6", "::1", "::"), InlineData("AF_INET6", "::ffff:127.0.0.1", "::")]
    public void DatagramsThatWait(string family, string address, string bound)
    {
        using var program = new SelfCheckingProgram(Calls + $"""
                a = socket({family}, SOCK_DGRAM); a.bind(('{bound}', 0)); to = ('{address}', a.getsockname()[1])
                b = socket({family}, SOCK_DGRAM); b.bind(('{address}', 0)); c = socket({family}, SOCK_DGRAM); c.connect(to); come(lambda: c.send(b''), a)
                big = bytes(range(256)) * 200
                gone = socket({family}, SOCK_DGRAM); come(lambda: gone.sendto(b'from one that is gone', to), a); name = gone.getsockname()[1]; gone.close()
                a.setsockopt(SOL_SOCKET, SO_RCVBUF, 200000); room = a.getsockopt(SOL_SOCKET, SO_RCVBUF)
                for x in (b'one', big, b'three', b'three'): come(lambda: b.sendto(x, to), a)
                a.connect(b.getsockname())
                wait()
                got = [a.recvfrom(65535) for _ in range(6)]
                same([x for x, _ in got], [b'', b'from one that is gone', b'one', big, b'three', b'three'])
                same([n[1] for _, n in got], [c.getsockname()[1], name] + [b.getsockname()[1]] * 4); same(set(n[0] for _, n in got), set(['{address}']))
                assert free(a); same(a.getsockopt(SOL_SOCKET, SO_RCVBUF), room); same(a.getpeername(), b.getsockname())
                same(a.getsockopt(IPPROTO_IP, 8), 0)
                b.sendto(b'more', to); same(a.recv(9), b'more')
            """);
        Assert.DoesNotContain(program.Save().Warnings, w => w.Id == "CrDatagramsLost");
        Assert.DoesNotContain(program.Restore(new() { NewPidNamespace = true }).Warnings, w => w.Id == "CrDatagramsLost");
        Assert.Same("ok", Said(program.Check()));
    }

    [FactWith("python3")]
    public void DatagramsOfSocketsThatShareTheirPort() => Survives("""
            a, b, c, s = [socket(AF_INET, SOCK_DGRAM) for _ in range(4)]
            for x in (a, b, c): x.setsockopt(SOL_SOCKET, SO_REUSEPORT, 1); x.bind(('127.0.0.1', a.getsockname()[1]))
            to = a.getsockname(); senders = [socket(AF_INET, SOCK_DGRAM) for _ in range(20)]
            for i, x in enumerate(senders): come(lambda: x.sendto(b'%d' % i, to), a, b, c)
            def taken(x):
                x.setblocking(False); found = []
                while True:
                    try: found.append(x.recvfrom(9))
                    except BlockingIOError: return found
            before = []
            for x in (a, b, c):
                found = []
                x.setblocking(False); x.setsockopt(SOL_SOCKET, 42, 0)
                while True:
                    try: found.append(x.recvfrom(9, MSG_PEEK))
                    except BlockingIOError: break
                x.setsockopt(SOL_SOCKET, 42, -1); before.append(found)
            same(sum(map(len, before)), 20)
            wait()
            same([taken(x) for x in (a, b, c)], before)
        """);

    [TheoryWith("python3")]
    [InlineData("a = socket(AF_INET, SOCK_DGRAM, 136)", "a.getsockname() == ('127.0.0.1', port)")]
    [InlineData("a = socket(AF_INET, SOCK_DGRAM)", "a.getsockname() == ('127.0.0.1', port)")]
    public void BoundWithOptions(string make, string check) => Survives($"""
            {make}
            IP_FREEBIND, IP_TRANSPARENT, IP_MTU_DISCOVER, IP_RECVERR, IP_PKTINFO, IP_MINTTL = 15, 19, 10, 11, 8, 21
            a.bind(('127.0.0.1', 0)); port = a.getsockname()[1]
            values = [(0, 1, 0x10), (0, 2, 33), (0, IP_MTU_DISCOVER, 2), (0, IP_RECVERR, 1), (0, IP_PKTINFO, 1), (0, IP_MINTTL, 5), (0, 34, 0), (0, 33, 7), (0, IP_FREEBIND, 1), (SOL_SOCKET, SO_PRIORITY, 3), (SOL_SOCKET, SO_MARK, 77)]
            for v in values: a.setsockopt(*v)
            wait()
            assert {check}
            for level, name, value in values: same((level, name, a.getsockopt(level, name)), (level, name, value))
        """);

    /// <summary>Two sockets of one port, an address that this machine does not have, the interface, and a filter that is locked.</summary>
    [FactWith("python3")]
    public void PortsAddressesInterfacesFilters() => Survives("""
            one = socket(AF_INET, SOCK_DGRAM); one.setsockopt(SOL_SOCKET, SO_REUSEPORT, 1); one.bind(('127.0.0.1', 0)); two = socket(AF_INET, SOCK_DGRAM)
            two.setsockopt(SOL_SOCKET, SO_REUSEPORT, 1); two.bind(one.getsockname()); name = one.getsockname()
            alien = socket(AF_INET6, SOCK_DGRAM); alien.setsockopt(0, 15, 1); alien.bind(('2001:db8::77', 0)); far = alien.getsockname(); alien.setsockopt(0, 15, 0)
            near = socket(AF_INET, SOCK_STREAM); near.setsockopt(SOL_SOCKET, SO_BINDTODEVICE, b'lo\0')
            code = struct.pack('HBBI', 6, 0, 0, 0xffff); code = ctypes.create_string_buffer(code); program = struct.pack('HxxxxxxQ', 1, ctypes.addressof(code))
            two.setsockopt(SOL_SOCKET, 26, program); two.setsockopt(SOL_SOCKET, 44, 1)
            wait()
            same(one.getsockname(), name); same(two.getsockname(), name); same(alien.getsockname(), far); same(alien.getsockopt(0, 15), 0)
            same(near.getsockopt(SOL_SOCKET, SO_BINDTODEVICE, 16), b'lo\0'); same(two.getsockopt(SOL_SOCKET, 44), 1)
            try: two.setsockopt(SOL_SOCKET, 27, 0); assert False
            except PermissionError: pass
        """);

    [FactWith("python3")]
    public void MulticastGroups() => Survives("""
            lo = if_nametoindex('lo'); a = bound(socket(AF_INET, SOCK_DGRAM), '', 0); port = a.getsockname()[1]; plain = socket(AF_INET, SOCK_DGRAM)
            a.setsockopt(0, IP_ADD_MEMBERSHIP, struct.pack('4s4si', inet_aton('239.1.2.3'), inet_aton('0.0.0.0'), lo)); a.setsockopt(0, 39, inet_aton('239.1.2.4') + inet_aton('127.0.0.1') + inet_aton('127.0.0.1'))
            b = bound(socket(AF_INET6, SOCK_DGRAM), '::', 0); b.setsockopt(41, IPV6_JOIN_GROUP, inet_pton(AF_INET6, 'ff02::1234') + struct.pack('I', lo))
            s = socket(AF_INET, SOCK_DGRAM); s.setsockopt(0, 32, inet_aton('127.0.0.1'))
            wait()
            a.settimeout(5)
            for group in ('239.1.2.3', '239.1.2.4'): s.sendto(group.encode(), (group, port)); same(a.recv(99), group.encode())
            b.setsockopt(41, IPV6_LEAVE_GROUP, inet_pton(AF_INET6, 'ff02::1234') + struct.pack('I', lo))
            for x, drop in ((a, 36), (plain, 36)):
                try: x.setsockopt(0, drop, inet_aton('239.1.2.3') + inet_aton('0.0.0.0') + struct.pack('I', lo)); assert x is a
                except OSError as e: assert x is plain
        """);

    [FactWith("python3")]
    public void RawAndPing() => Survives("""
            r = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP); r.bind(('127.0.0.14', 0)); r.setsockopt(255, 1, struct.pack('I', 1 << 13))
            r6 = socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6); r6.setsockopt(58, 1, struct.pack('8I', 1 << 13, *[7] * 7)); r6.bind(('::1', 0))
            h = socket(AF_INET, SOCK_RAW, 99); h.setsockopt(0, IP_HDRINCL, 1); n = socket(AF_INET, SOCK_RAW, IPPROTO_RAW)
            c = socket(AF_INET, SOCK_RAW, 98); c.connect(('127.0.0.1', 0)); k = socket(AF_INET6, SOCK_RAW, 98); k.connect(('::1', 0))
            wait()
            same(r.getsockname()[0], '127.0.0.14'); same(option(r, 255, 1), struct.pack('I', 1 << 13)); same(option(r6, 58, 1, 32), struct.pack('8I', 1 << 13, *[7] * 7))
            same(r6.getsockname()[0], '::1'); same(h.getsockopt(0, IP_HDRINCL), 1); same(n.getsockopt(0, IP_HDRINCL), 1); c.send(b'x'); k.send(b'y'); same(c.recv(99)[20:], b'x'); same(k.recv(9), b'y')
        """);

    [TheoryWith("python3"), InlineData("AF_INET", "127.0.0.1"), InlineData("AF_INET6", "::1"), InlineData("AF_INET6", "::ffff:127.0.0.1")]
    public void TcpThatListensIsBoundOrFree(string family, string address) => Survives($"""
            l = bound(socket({family}, SOCK_STREAM), '{address}', 0); l.listen(7); b = bound(socket({family}, SOCK_STREAM), '{address}', 0); f = socket({family}, SOCK_STREAM)
            l.setsockopt(IPPROTO_TCP, TCP_DEFER_ACCEPT, 3); f.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1); f.setsockopt(IPPROTO_TCP, TCP_MAXSEG, 900); f.setsockopt(IPPROTO_TCP, TCP_CONGESTION, b'reno')
            f.setsockopt(IPPROTO_TCP, TCP_USER_TIMEOUT, 12345); f.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1); f.setsockopt(IPPROTO_TCP, TCP_KEEPIDLE, 77); f.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack('ii', 1, 9))
            names = [x.getsockname() for x in (l, b)]; defer = l.getsockopt(IPPROTO_TCP, TCP_DEFER_ACCEPT)
            wait()
            same([x.getsockname() for x in (l, b)], names); same(l.getsockopt(SOL_SOCKET, SO_ACCEPTCONN), 1); same(l.getsockopt(SOL_SOCKET, SO_REUSEADDR), 0); same(l.getsockopt(IPPROTO_TCP, TCP_DEFER_ACCEPT), defer)
            same([f.getsockopt(IPPROTO_TCP, x) for x in (TCP_NODELAY, TCP_MAXSEG, TCP_USER_TIMEOUT, TCP_KEEPIDLE)], [1, 900, 12345, 77]); same(f.getsockopt(IPPROTO_TCP, TCP_CONGESTION, 16)[:4], b'reno')
            same(f.getsockopt(SOL_SOCKET, SO_LINGER, 8), struct.pack('ii', 1, 9))
            b.connect(l.getsockname()); b.send(b'x'); s, who = l.accept(); same(who, names[1]); same(s.recv(1), b'x')
            f.bind(('{address}', 0)); l.setsockopt(IPPROTO_TCP, TCP_DEFER_ACCEPT, 0); f.connect(l.getsockname())
        """);

    /// <summary>What came behind urgent data that was read already, in front of it and where nothing is.</summary>
    [FactWith("python3")]
    public void WhatWaitsBehindUrgentDataThatWasRead() => Survives("""
            l = create_server(('127.0.0.1', 0))
            def pair(): c = create_connection(l.getsockname()); return c, l.accept()[0]
            (u, v), (w, x) = pair(), pair()
            for s, r in ((u, v), (w, x)): s.send(b'ab'); s.send(b'!', MSG_OOB); s.send(b'cd' + bytes(range(256)) * 100); assert select.select([], [], [r], 20)[2]; same(r.recv(1, MSG_OOB), b'!')
            same(x.recv(2), b'ab'); u.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
            wait()
            def all(s, n):
                got = b''; s.settimeout(5)
                while len(got) < n: got += s.recv(n - len(got))
                return got
            rest = b'cd' + bytes(range(256)) * 100
            same(all(v, len(rest) + 2), b'ab' + rest); same(all(x, len(rest)), rest); u.send(b'more'); same(all(v, 4), b'more'); x.send(b'back'); same(all(w, 4), b'back')
        """);

    [FactWith("python3")]
    public void WhatCannotBeSavedIsNamed()
    {
        using var program = new SelfCheckingProgram(Calls + """
                m = socket(AF_INET, SOCK_STREAM, 262); k = socket(AF_INET, SOCK_DGRAM); k.connect(('127.0.0.1', 9)); k.setsockopt(17, 1, 1); k.send(b'half')
                l = bound(socket(AF_INET, SOCK_STREAM), '127.0.0.1', 0); l.listen(); w = create_connection(l.getsockname())
                wait()
            """);
        var error = Assert.Throws<CrPreflightException>(() => program.Save());
        Assert.Equal(["CrInetProtocol", "CrTcpBacklog", "CrUdpCorked"], error.Obstacles.Where(o => o.Severity == ObstacleSeverity.Error).Select(o => o.Id).Order());
    }
}
