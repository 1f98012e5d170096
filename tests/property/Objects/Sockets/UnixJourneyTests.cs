using CrCore;
using CrProperty.Kernel;
using CrProperty.Namespaces;
using CrProperty.Objects.Files;
using Xunit;

namespace CrProperty.Objects.Sockets;

/// <summary>Unix sockets through a checkpoint and a restore of a live program that checks itself.</summary>
public class UnixJourneyTests
{
    private const string Calls = """
            import array, socket
            from socket import AF_UNIX, SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, SOL_SOCKET, SCM_RIGHTS, SCM_CREDENTIALS, SO_PASSCRED, SO_PEERCRED, SHUT_RD, SHUT_WR
            name = lambda: '\0cr-%s-%d' % (os.path.basename(d), time.monotonic_ns())
            def fds(*f): return [(SOL_SOCKET, SCM_RIGHTS, array.array('i', [x if isinstance(x, int) else x.fileno() for x in f]))]
            def take(s, size=99999):
                data, control, flags, address = s.recvmsg(size, 4096, socket.MSG_DONTWAIT)
                rights = [f for l, t, c in control if t == SCM_RIGHTS for f in array.array('i', c)]
                cred = [struct.unpack('3i', c) for l, t, c in control if t == SCM_CREDENTIALS]
                return data, rights, cred, address
            def sk(fd): return socket.socket(fileno=fd)
            def nothing(s):
                try: s.recv(1, socket.MSG_DONTWAIT)
                except BlockingIOError: return True
                return False

        """;

    private static void Survives(bool newPidNamespace, string code)
    {
        using var program = new SelfCheckingProgram(Calls + code);
        var result = program.Journey(restore: new() { NewPidNamespace = newPidNamespace });
        Assert.True(result == "ok", result);
    }

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void PairsWithWhatWaitsInThem(bool newPidNamespace) => Survives(newPidNamespace, """
            pairs = [socket.socketpair(AF_UNIX, t) for t in (SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET)]
            for a, b in pairs: a.send(b'one'); a.send(b'two'); b.send(b'back')
            big = socket.socketpair(AF_UNIX, SOCK_STREAM); big[0].setblocking(False); n = 0; text = bytes(range(256)) * 512
            try:
                while True: n += big[0].send(text[n % 256:])
            except BlockingIOError: pass
            wait()
            (a, b), (c, e), (f, g) = pairs
            same(b.recv(99), b'onetwo'); same(e.recv(99), b'one'); same(e.recv(99), b'two'); same([g.recv(99), g.recv(99)], [b'one', b'two'])
            for x, y in pairs: same(x.recv(99), b'back'); assert nothing(x) and nothing(y); x.send(b'more'); same(y.recv(99), b'more')
            got = b''
            while len(got) < n: got += big[1].recv(99999)
            assert all(got[i] == i % 256 for i in range(0, n, 97)); assert nothing(big[1])
        """);

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void EmptyMessagesAndTheEnd(bool newPidNamespace) => Survives(newPidNamespace, """
            a, b = socket.socketpair(AF_UNIX, SOCK_SEQPACKET); a.send(b''); a.send(b'x'); a.send(b''); a.shutdown(SHUT_WR)
            c, e = socket.socketpair(AF_UNIX, SOCK_DGRAM); c.send(b''); c.send(b'y'); c.send(b''); c.send(b'')
            f, g = socket.socketpair(AF_UNIX, SOCK_SEQPACKET); f.shutdown(SHUT_WR)
            wait()
            same([b.recv(9) for _ in range(4)], [b'', b'x', b'', b'']); same([e.recv(9) for _ in range(4)], [b'', b'y', b'', b'']); assert nothing(e); same(g.recv(9), b'')
            b.send(b'still'); same(a.recv(9), b'still')
        """);

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void ShutdownAndClosedPeers(bool newPidNamespace) => Survives(newPidNamespace, """
            a, b = socket.socketpair(); a.send(b'last'); a.shutdown(SHUT_WR)
            c, e = socket.socketpair(); c.send(b'words'); c.close()
            f, g = socket.socketpair(); g.send(b'unread'); f.close()
            h, i = socket.socketpair(); h.shutdown(SHUT_RD)
            k, l = socket.socketpair(AF_UNIX, SOCK_DGRAM); k.send(b'mail'); k.close()
            m, n = socket.socketpair(AF_UNIX, SOCK_SEQPACKET); m.send(b'p1'); m.send(b'p2'); m.close()
            wait()
            same(b.recv(99), b'last'); same(b.recv(99), b''); b.send(b'back'); same(a.recv(99), b'back')
            try: a.send(b'x'); assert False
            except BrokenPipeError: pass
            same(e.recv(99), b'words'); same(e.recv(99), b'')
            try: g.recv(1); assert False
            except ConnectionResetError: pass
            same(h.recv(1), b''); h.send(b'h'); same(i.recv(9), b'h')
            same(l.recv(99), b'mail')
            try: l.send(b'x'); assert False
            except ConnectionRefusedError: pass
            same([n.recv(9), n.recv(9), n.recv(9)], [b'p1', b'p2', b''])
        """);

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void ServersAndTheirConnections(bool newPidNamespace) => Survives(newPidNamespace, """
            found = []
            for t in (SOCK_STREAM, SOCK_SEQPACKET):
                for n in (name(), d + '/abs%d' % t, 'rel%d' % t, './x/../x/rel%d' % t):
                    os.makedirs(d + '/x', exist_ok=True)
                    s = socket.socket(AF_UNIX, t); s.bind(n); s.listen(7)
                    c = socket.socket(AF_UNIX, t); c.connect(n); p, _ = s.accept(); c.send(b'to'); p.send(b'fro')
                    bound = socket.socket(AF_UNIX, t); bound.bind(name()); bound.connect(n); q, _ = s.accept()
                    w1 = socket.socket(AF_UNIX, t); w1.bind(name()); w1.connect(n); w2 = socket.socket(AF_UNIX, t); w2.bind(name()); w2.connect(n)
                    found.append((t, n, s, c, p, bound, q, w1, w2))
            names = lambda: [[(x.getsockname(), x.getpeername() if x is not e[2] else None) for x in e[2:]] for e in found]
            status = lambda n: [getattr(os.stat(n), k) for k in ('st_mode', 'st_uid', 'st_gid')] if n[0] != '\0' else None
            os.chmod(d + '/abs1', 0o640); os.chown('rel1', 5, 6); before = names(), [status(e[1]) for e in found]
            wait()
            same((names(), [status(e[1]) for e in found]), before)
            for t, n, s, c, p, bound, q, w1, w2 in found:
                same(p.recv(9), b'to'); same(c.recv(9), b'fro'); q.send(b'q'); same(bound.recv(9), b'q')
                for w in (w1, w2):
                    x, address = s.accept(); same(x.getpeername(), w.getsockname()); w.send(b'w'); same(x.recv(9), b'w')
                late = socket.socket(AF_UNIX, t); late.connect(n); y, _ = s.accept(); late.send(b'late'); same(y.recv(9), b'late')
            same(sorted(x for x in os.listdir(d) if x.startswith('.')), [])
        """);

    /// <summary>Names that were removed, taken by something else, or renamed; and connections whose listening socket is gone.</summary>
    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void NamesThatAreGone(bool newPidNamespace) => Survives(newPidNamespace, """
            def server(n, t=SOCK_STREAM):
                s = socket.socket(AF_UNIX, t); s.bind(n)
                if t != SOCK_DGRAM: s.listen(5)
                return s
            def client(n, t=SOCK_STREAM): c = socket.socket(AF_UNIX, t); c.connect(n); return c
            a = server('a'); ac = client('a'); ap, _ = a.accept(); os.unlink('a'); os.mkfifo('a')
            b = server('b'); bc = client('b'); os.rename('b', 'c'); b2 = server('b'); b2c = client('b')
            os.mkdir('gone'); g = server('gone/g', SOCK_DGRAM); gc = client('gone/g', SOCK_DGRAM); os.unlink('gone/g'); os.rmdir('gone')
            n = name(); z = server(n); zc = client(n); zp, _ = z.accept(); z2c = client(n); z2p, _ = z.accept(); z.close(); zp.send(b'hello'); z2c.close()
            f = server('f'); fc = client('f'); fp, _ = f.accept(); f.close()
            l = server('l.tmp'); lc = client('l.tmp'); lp, _ = l.accept(); os.link('l.tmp', 'l'); os.unlink('l.tmp')
            before = [(x.getsockname(), x.getpeername()) for x in (ac, ap, bc, b2c, gc, zc, zp, z2p, fc, fp, lc, lp)], sorted(os.listdir(d))
            wait()
            same(([(x.getsockname(), x.getpeername()) for x in (ac, ap, bc, b2c, gc, zc, zp, z2p, fc, fp, lc, lp)], sorted(x for x in os.listdir(d) if x not in ('image.cr', 'ready'))), (before[0], [x for x in before[1] if x != 'ready']))
            ac.send(b'1'); same(ap.recv(9), b'1'); assert os.path.exists('a')
            bp, _ = b.accept(); bc.send(b'2'); same(bp.recv(9), b'2'); bd = client('c'); bq, _ = b.accept(); bd.send(b'3'); same(bq.recv(9), b'3')
            gc.send(b'4'); same(g.recv(9), b'4'); same(zc.recv(9), b'hello'); zc.send(b'5'); same(zp.recv(9), b'5'); same(z2p.recv(9), b'')
            fc.send(b'6'); same(fp.recv(9), b'6')
            lc.send(b'7'); same(lp.recv(9), b'7'); ld = client('l'); lq, _ = l.accept(); ld.send(b'8'); same(lq.recv(9), b'8')
        """);

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void DatagramsOfManySenders(bool newPidNamespace) => Survives(newPidNamespace, """
            n = name(); s = socket.socket(AF_UNIX, SOCK_DGRAM); s.bind(n)
            named = [socket.socket(AF_UNIX, SOCK_DGRAM) for _ in range(3)]; [x.bind(name()) for x in named]
            loose = socket.socket(AF_UNIX, SOCK_DGRAM); loose.connect(n); named[1].connect(n)
            passing = socket.socket(AF_UNIX, SOCK_DGRAM); passing.bind(d + '/passing')
            sent = []
            for i in range(2):
                for x in named + [passing]: x.sendto(b'%d' % len(sent), n); sent.append((b'%d' % len(sent), x.getsockname()))
                loose.send(b'loose'); sent.append((b'loose', None))
            passing.close(); os.unlink(d + '/passing')
            a = socket.socket(AF_UNIX, SOCK_DGRAM); a.bind(d + '/a'); b = socket.socket(AF_UNIX, SOCK_DGRAM); b.bind(d + '/b'); a.connect(d + '/b'); b.connect(d + '/a'); a.send(b'ab'); b.send(b'ba')
            chain = [socket.socket(AF_UNIX, SOCK_DGRAM) for _ in range(4)]; [x.bind(name()) for x in chain]
            for x, y in zip(chain, chain[1:]): x.connect(y.getsockname()); x.send(b'first')
            p, q = socket.socketpair(AF_UNIX, SOCK_DGRAM); p.send(b'kept'); p.connect(n)
            me = socket.socket(AF_UNIX, SOCK_DGRAM); me.bind(name()); me.connect(me.getsockname()); me.send(b'self')
            wait()
            same([s.recvfrom(99) for _ in sent], sent); assert nothing(s)
            same([loose.getpeername(), named[1].getpeername(), p.getpeername()], [n.encode()] * 3); loose.send(b'l'); p.send(b'p'); same([s.recv(9), s.recv(9)], [b'l', b'p'])
            same((a.recv(9), b.recv(9)), (b'ba', b'ab')); same((a.getpeername(), b.getpeername()), (d + '/b', d + '/a')); a.send(b'x'); same(b.recvfrom(9), (b'x', d + '/a'))
            for x in chain[:-2]:
                try: x.send(b'again'); assert False
                except PermissionError: pass
            chain[-2].send(b'again'); same([y.recv(9) for y in chain[1:]] + [chain[-1].recv(9)], [b'first'] * 3 + [b'again'])
            same(q.recv(9), b'kept')
            same(me.recv(9), b'self'); me.send(b'me'); same(me.recv(9), b'me')
        """);

    /// <summary>The bound of a queue stops neither the end that a socket is connected to nor the socket itself.</summary>
    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void MoreDatagramsThanTheBound(bool newPidNamespace) => Survives(newPidNamespace, """
            bound = int(open('/proc/sys/net/unix/max_dgram_qlen').read()); many = bound + 6; due = {}; libc = ctypes.CDLL(None)
            # The bound may be hundreds: a sender's buffer has room for those and no more.
            def wide(*all): [s.setsockopt(SOL_SOCKET, socket.SO_SNDBUF, 1 << 22) for s in all]; return all
            def datagram(n): s, = wide(socket.socket(AF_UNIX, SOCK_DGRAM)); s.bind(n); return s
            def pair(): return wide(*socket.socketpair(AF_UNIX, SOCK_DGRAM))
            def to(s, sender, count, named=False):
                for i in range(count):
                    text = b'%d' % len(due.setdefault(s, [])); due[s].append((text, sender.getsockname() or None))
                    sender.sendto(text, socket.MSG_DONTWAIT, s.getsockname()) if named else sender.send(text, socket.MSG_DONTWAIT)
            def disconnect(s): same(libc.connect(s.fileno(), bytes(2), 2), 0)
            a, b = pair(); to(a, b, many); to(b, a, many)
            c, e = pair(); c.bind(name()); e.bind(d + '/e'); to(c, e, many); to(e, c, many)
            f, g, others, late = datagram(name()), datagram(d + '/g'), [datagram(name()) for _ in range(3)], datagram(name()); to(f, others[0], 2, True); to(f, g, 3, True); to(f, others[0], bound - 4, True)
            f.connect(g.getsockname()); g.connect(f.getsockname()); to(f, g, many); to(g, f, many)
            h, j = datagram(name()), datagram(d + '/j'); h.connect(j.getsockname()); to(h, j, many, True)
            k = datagram(name()); to(k, others[1], bound + 1, True); to(k, k, many, True)
            l = datagram(name()); to(l, others[2], 2, True); l.connect(l.getsockname()); to(l, l, many)
            # A socket of a pair without a name, whose partner was named and closed, or is connected elsewhere; and one that left its partner.
            m, n = pair(); m.bind(name()); to(n, m, many); m.close()
            o, p = pair(); o.bind(d + '/o'); to(p, o, many); o.connect(late.getsockname())
            q, r = pair(); disconnect(r); to(r, q, bound + 1); q.close()
            s, t = pair(); s.bind(name()); disconnect(t); to(t, s, bound); t.connect(late.getsockname()); s.close()
            u, v = datagram(name()), datagram(name()); to(u, others[2], 3, True); u.connect(v.getsockname()); to(u, v, many, True); v.close()
            w, x = pair(); w.bind(name()); disconnect(w); to(w, others[2], 2, True); w.connect(j.getsockname()); to(w, j, many, True)
            def peer(s):
                try: return s.getpeername()
                except OSError as e: return e.errno
            before = [(y.getsockname(), peer(y)) for y in due]
            wait()
            same([(y.getsockname(), peer(y)) for y in due], before)
            for y, messages in due.items(): same([y.recvfrom(99, socket.MSG_DONTWAIT) for _ in messages], messages); assert nothing(y)
            for x, y in ((a, b), (c, e), (f, g)): x.send(b'to'); y.send(b'fro'); same((y.recv(9), x.recv(9)), (b'to', b'fro'))
            o.send(b'o'); same(late.recv(9), b'o'); l.send(b'l'); same(l.recv(9), b'l')
            for y in (n, u):
                try: y.send(b'x'); assert False
                except ConnectionRefusedError: pass
        """);

    /// <summary>In a network of its own: a bound that was set there comes back before the sockets; one that was lowered since lets too few in.</summary>
    [TheoryInNamespaces, InlineData(40, null), InlineData(5, "CrUnixQueueBound")]
    public void ABoundThatWasSet(int later, string? obstacle)
    {
        using var program = new SelfCheckingProgram(Calls + $"""
                libc = ctypes.CDLL(None, use_errno=True); same(libc.unshare(0x40000000), 0)
                def bound(n):
                    with open('/proc/sys/net/unix/max_dgram_qlen', 'w') as f: f.write(str(n))
                bound(40); s = socket.socket(AF_UNIX, SOCK_DGRAM); s.bind(name()); c = socket.socket(AF_UNIX, SOCK_DGRAM); c.connect(s.getsockname())
                for i in range(41): c.send(b'%d' % i, socket.MSG_DONTWAIT)
                bound({later})
                wait()
                same([s.recv(9) for i in range(41)], [b'%d' % i for i in range(41)]); assert nothing(s)
            """);
        program.Save();
        if (obstacle is null)
        {
            program.Restore(new() { NewPidNamespace = true });
            Assert.Equal("ok", program.Check());
            return;
        }
        var found = Assert.Single(Assert.Throws<CrPreflightException>(() => program.Restore(new() { NewPidNamespace = true })).Obstacles);
        Assert.Equal(obstacle, found.Id);
    }

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void DescriptorsInFlight(bool newPidNamespace) => Survives(newPidNamespace, """
            for t in (SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET):
                globals()['p%d' % t] = socket.socketpair(AF_UNIX, t)
            with open('gone', 'w+b') as gone: gone.write(b'deleted'); gone.seek(2); gone.flush(); fd = os.dup(gone.fileno())
            os.unlink('gone'); r, w = os.pipe(); os.write(w, b'in a pipe'); e = ctypes.CDLL(None).eventfd(5, 0)
            for a, b in (p1, p2, p5): a.send(b'before'); a.sendmsg([b'carried'], fds(fd, r)); a.sendmsg([b'next'], fds(w)); a.send(b'after'); a.sendmsg([b'event'], fds(e))
            os.close(fd); os.close(r); os.close(w)
            wait()
            for n, (a, b) in ((1, p1), (2, p2), (5, p5)):
                data, rights, _, _ = take(b, 6); same((data, rights), (b'before', []))
                data, rights, _, _ = take(b); same(data, b'carried'); x, y = rights
                data, rights, _, _ = take(b); same(data, b'next'); z = rights[0]
                if n == 1:
                    same(os.lseek(x, 0, os.SEEK_CUR), 2); same(os.read(x, 99), b'leted'); same(os.read(y, 99), b'in a pipe'); os.write(z, b'new')
                    first = x, y, z
                else:
                    same(os.lseek(x, 0, os.SEEK_CUR), 7); same([os.fstat(i).st_ino for i in (x, y, z)], [os.fstat(i).st_ino for i in first])
                data, rights, _, _ = take(b, 5); same((data, rights), (b'after', []))
                data, rights, _, _ = take(b); same(data, b'event'); os.write(rights[0], struct.pack('Q', 1)); assert nothing(b)
            same(os.read(first[1], 99), b'new'); same(struct.unpack('Q', os.read(e, 8))[0], 8)
        """);

    /// <summary>Sockets in flight whose queues hold sockets in flight, the whole of it held by one descriptor; and one that holds itself.</summary>
    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void SocketsInFlightThatCarryMore(bool newPidNamespace) => Survives(newPidNamespace, """
            outer = socket.socketpair(); a = socket.socketpair(); b = socket.socketpair(AF_UNIX, SOCK_DGRAM); r, w = os.pipe(); os.write(w, b'deep')
            b[0].sendmsg([b'b'], fds(r)); b[0].send(b'plain'); a[0].sendmsg([b'a'], fds(b[1])); a[0].send(b'text'); outer[0].sendmsg([b'outer'], fds(a[1], a[0]))
            listener = socket.socket(AF_UNIX); n = name(); listener.bind(n); listener.listen(3); client = socket.socket(AF_UNIX); client.connect(n); peer, _ = listener.accept()
            outer[0].sendmsg([b'more'], fds(listener, peer)); own = socket.socketpair(); own[0].sendmsg([b'own'], fds(own[1], own[0])); s = own[1]
            for x in (*a, *b, listener, peer, own[0]): x.close()
            os.close(r); os.close(w)
            wait()
            data, (x, y), _, _ = take(outer[1], 5); same(data, b'outer'); x, y = sk(x), sk(y)
            data, rights, _, _ = take(x, 1); same(data, b'a'); same(x.recv(9), b'text'); z = sk(rights[0])
            data, rights, _, _ = take(z); same(data, b'b'); same(z.recv(9), b'plain'); same(os.read(rights[0], 9), b'deep'); same(os.read(rights[0], 9), b'')
            y.send(b'y'); same(x.recv(9), b'y')
            data, rights, _, _ = take(outer[1]); same(data, b'more'); l, p = map(sk, rights); p.send(b'hi'); same(client.recv(9), b'hi')
            c = socket.socket(AF_UNIX); c.connect(n); q, _ = l.accept(); c.send(b'c'); same(q.recv(9), b'c')
            data, rights, _, _ = take(s); same(data, b'own'); sk(rights[1]).send(b'round'); same(s.recv(9), b'round')
        """);

    /// <summary>Instances and what they watch, in flight one, the other, or both.</summary>
    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void EpollInFlight(bool newPidNamespace) => Survives(newPidNamespace, """
            a, b = socket.socketpair(); r, w = os.pipe(); r2, w2 = os.pipe(); x, y = socket.socketpair(); one, two = select.epoll(), select.epoll()
            one.register(r, select.EPOLLIN); one.register(x, select.EPOLLIN); two.register(r2, select.EPOLLIN); two.register(b, select.EPOLLIN); r_, x_ = r, x.fileno()
            a.sendmsg([b'1'], fds(one)); a.sendmsg([b'2'], fds(r2, x)); os.close(r2); x.close(); one.close()
            wait()
            same(two.poll(0), [(b.fileno(), 1)]); data, (e,), _, _ = take(b, 1); one = select.epoll.fromfd(e); same(one.poll(0), [])
            os.write(w, b'w'); y.send(b'y'); same(sorted(one.poll(0)), sorted([(r_, 1), (x_, 1)])); os.write(w2, b'2'); same(sorted(two.poll(0)), sorted([(r2, 1), (b.fileno(), 1)]))
            data, (p, q), _, _ = take(b); same((os.read(p, 9), os.read(q, 9)), (b'2', b'y'))
        """);

    /// <summary>Descriptors onto the file of a bound socket, and onto the file that a name leads to.</summary>
    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void PathsThatLeadToSockets(bool newPidNamespace) => Survives(newPidNamespace, """
            p = os.open('/', os.O_PATH); s = socket.socket(AF_UNIX); s.bind(d + '/s'); s.listen(1); os.dup2(os.open('s', os.O_PATH), p)
            f = fcntl.ioctl(s, 0x89e0)
            wait()
            same([os.fstat(x).st_ino for x in (p, f)], [os.stat('s').st_ino] * 2); same([os.readlink('/proc/self/fd/%d' % x) for x in (p, f)], [d + '/s'] * 2)
            c = socket.socket(AF_UNIX); c.connect('/proc/self/fd/%d' % p); q, _ = s.accept(); c.send(b'c'); same(q.recv(9), b'c')
        """);

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void WhoIsAtTheOtherEnd(bool newPidNamespace) => Survives(newPidNamespace, """
            cred = lambda s: struct.unpack('3i', s.getsockopt(SOL_SOCKET, SO_PEERCRED, 12))
            n = name(); s = socket.socket(AF_UNIX); s.bind(n); s.listen(5); go, gone = os.pipe()
            def child(uid):
                p = os.fork()
                if p: return p
                os.close(gone)
                if uid: os.setegid(uid + 1); os.seteuid(uid)
                c = socket.socket(AF_UNIX); c.connect(n); os.read(go, 1); ok = cred(c) == (os.getppid(), 0, 0) and c.recv(9) == b'ok'
                os._exit(0 if ok else 1)
            kids = [child(u) for u in (0, 1234, 4321)]; ends = {}
            for _ in kids: x, _ = s.accept(); ends[cred(x)[0]] = x
            a, b = socket.socketpair(); pair = cred(a), cred(b), cred(s); before = {k: cred(x) for k, x in ends.items()}
            m = socket.socketpair(AF_UNIX, SOCK_DGRAM); m[1].setsockopt(SOL_SOCKET, SO_PASSCRED, 1); m[0].send(b'mine')
            sent, tell = os.pipe(); p = os.fork()
            if not p: os.close(gone); m[0].send(b'his'); os.write(tell, b'x'); os.read(go, 1); os._exit(0)
            os.read(sent, 1)
            wait()
            same((cred(a), cred(b), cred(s)), pair); same({k: cred(x) for k, x in ends.items()}, before); same(sorted(x[1:] for x in before.values()), [(0, 0), (1234, 1235), (4321, 4322)])
            same([take(m[1])[::2] for _ in range(2)], [(b'mine', [(os.getpid(), 0, 0)]), (b'his', [(p, 0, 0)])])
            for x in ends.values(): x.send(b'ok')
            os.close(gone); same(sorted(os.wait() for _ in range(4)), sorted([(k, 0) for k in kids + [p]]))
        """);

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void Options(bool newPidNamespace) => Survives(newPidNamespace, """
            a, b = socket.socketpair(); c = socket.socket(AF_UNIX, SOCK_DGRAM)
            for o, v in (('SO_SNDBUF', 5000), ('SO_RCVBUF', 7000), ('SO_PRIORITY', 4), ('SO_PASSCRED', 1), ('SO_KEEPALIVE', 1)): a.setsockopt(SOL_SOCKET, getattr(socket, o), v)
            a.setsockopt(SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 9)); a.setsockopt(SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack('qq', 3, 500000)); a.setsockopt(SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack('qq', 4, 0))
            c.setsockopt(SOL_SOCKET, 42, 3); c.setblocking(False); fcntl.fcntl(b, fcntl.F_SETOWN, os.getpid()); fcntl.fcntl(b, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGIO])
            read = lambda: [[x.getsockopt(SOL_SOCKET, o, 16) for o in (7, 8, 12, 13, 16, 9, 20, 21, 42, 72)] + [fcntl.fcntl(x, fcntl.F_GETFL), fcntl.fcntl(x, fcntl.F_GETOWN)] for x in (a, b, c)]
            before = read()
            wait()
            same(read(), before); a.send(b'x'); same(signal.sigtimedwait([signal.SIGIO], 5).si_signo, signal.SIGIO)
        """);

    /// <summary>Left running, it must not have noticed: nothing was taken, and no end of what was in flight stays open elsewhere.</summary>
    [FactWith("python3")]
    public void ATreeThatRunsOnNoticesNothing()
    {
        using var program = new SelfCheckingProgram(Calls + """
            a, b = socket.socketpair(); r, w = os.pipe(); a.send(b'x'); a.sendmsg([b'carried'], fds(w)); os.close(w); c, e = socket.socketpair(AF_UNIX, SOCK_SEQPACKET); c.send(b'1'); c.send(b'22'); e.setsockopt(SOL_SOCKET, 42, 1)
            state = lambda: [[s.getsockopt(SOL_SOCKET, o) for o in (16, 42)] for s in (a, b, c, e)]
            before = state()
            wait()
            same(state(), before); same(e.recv(9), b'1'); same(e.recv(9), b'22'); data, rights, _, _ = take(b, 1); same((data, rights), (b'x', []))
            data, rights, _, _ = take(b); same(data, b'carried'); os.write(rights[0], b'w'); os.close(rights[0]); same(os.read(r, 9), b'w'); same(os.read(r, 9), b'')
        """);
        program.SaveRunning();
        Assert.Equal("ok", program.CheckRunning());
    }
}
