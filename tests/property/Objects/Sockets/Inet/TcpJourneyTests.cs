using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using CrCore;
using CrCore.Checkpoint;
using CrCore.Kernel;
using CrProperty.Kernel;
using CrProperty.Objects.Files;
using Xunit;

namespace CrProperty.Objects.Sockets.Inet;

/// <summary>TCP connections through a checkpoint and a restore: both ends in the tree, or one of them in the test.</summary>
[Collection(Ports.Name)]
public class TcpJourneyTests
{
    private const string Calls = """
            import socket, hashlib, threading
            from socket import *
            def state(s): return s.getsockopt(IPPROTO_TCP, TCP_INFO, 1)[0]
            def pair(family=AF_INET, address='127.0.0.1', client=None, to=None):
                l = socket(family, SOCK_STREAM); l.bind((address, 0)); l.listen(); c = socket(client or family, SOCK_STREAM)
                c.connect((to or address, l.getsockname()[1])); s, _ = l.accept(); l.close(); return c, s
            def all_of(s):
                s.settimeout(20); got = b''
                while True:
                    piece = s.recv(1 << 20)
                    if not piece: return got
                    got += piece
            def fill(s):
                s.setblocking(False); n = 0
                try:
                    while True: n += s.send(bytes((n + i) % 251 for i in range(4096)))
                except BlockingIOError: s.setblocking(True); return n
            def pattern(n): return bytes(i % 251 for i in range(n))
            def reach(*due):
                # What one end sends comes to the other in its own time.
                for _ in range(2000):
                    if all(state(s) == d for s, d in due): return
                    time.sleep(0.01)
                same([state(s) for s, _ in due], [d for _, d in due])
            def comes(s): assert select.select([s], [], [], 20)[0]
            ESTABLISHED, SYN_SENT, FIN_WAIT1, FIN_WAIT2, CLOSE, CLOSE_WAIT, LAST_ACK, CLOSING = 1, 2, 4, 5, 7, 8, 9, 11

        """;

    private static void Survives(string code, RestoreOptions? options = null)
    {
        using var program = new SelfCheckingProgram(Calls + code);
        Assert.Same("ok", Said(program.Journey(restore: (options ?? new()) with { NewPidNamespace = true })));
    }

    private static string Said(string result) => result == "ok" ? "ok" : throw new Xunit.Sdk.XunitException(result);

    [TheoryWith("python3")]
    [InlineData("")]
    [InlineData("AF_INET6, '::1'")]
    [InlineData("AF_INET6, '::', AF_INET, '127.0.0.1'")]
    public void DataThatWaitsInBothDirections(string kind) => Survives($"""
            c, s = pair({kind}); names = c.getsockname(), c.getpeername(), s.getsockname(), s.getpeername()
            c.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1); s.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1); s.setsockopt(SOL_SOCKET, SO_RCVBUF, 70000); c.setsockopt(SOL_SOCKET, SO_SNDBUF, 60000); sizes = [x.getsockopt(SOL_SOCKET, o) for x, o in ((s, SO_RCVBUF), (c, SO_SNDBUF), (s, 72), (c, 72))]; c.send(b'to the server'); s.send(b'to the client')
            wait()
            same((c.getsockname(), c.getpeername(), s.getsockname(), s.getpeername()), names); same((state(c), state(s)), (ESTABLISHED, ESTABLISHED))
            same((c.getsockopt(IPPROTO_TCP, TCP_NODELAY), s.getsockopt(SOL_SOCKET, SO_REUSEADDR), c.getsockopt(SOL_SOCKET, SO_REUSEADDR)), (1, 1, 0))
            same([x.getsockopt(SOL_SOCKET, o) for x, o in ((s, SO_RCVBUF), (c, SO_SNDBUF), (s, 72), (c, 72))], sizes); same(sizes[2:], [2, 1])
            same((s.recv(99), c.recv(99)), (b'to the server', b'to the client'))
            for i in range(100): c.send(pattern(i + 1)); same(s.recv(999), pattern(i + 1)); s.send(b'ok'); same(c.recv(9), b'ok')
            c.shutdown(SHUT_WR); same(s.recv(1), b''); s.close(); same(c.recv(1), b'')
        """);

    /// <summary>Or a service sends, from its restore on, many small ones, whose overhead fills the other end's memory before its window.</summary>
    [TheoryWith("python3"), InlineData("AF_INET, '127.0.0.1'"), InlineData("AF_INET6, '::1'"), InlineData("AF_INET6, '::', AF_INET, '127.0.0.1'")]
    public void SegmentsAreAsLargeAsNegotiated(string kind) => Survives($"""
            def segment(s): return struct.unpack_from('I', s.getsockopt(IPPROTO_TCP, TCP_INFO, 20), 16)[0]
            plain = socket
            def narrow(*a): s = plain(*a); s.setsockopt(IPPROTO_TCP, TCP_MAXSEG, 1460); return s
            wide = pair({kind}); socket = narrow; slim = pair({kind}); socket = plain
            for c, s in (wide, slim): c.send(b'x'); s.send(b'y'); same((c.recv(9), s.recv(9)), (b'y', b'x'))
            before = [segment(x) for x in wide + slim]; same(before[2:], [1448, 1448]); assert min(before[:2]) > 16000, before
            wait()
            after = [segment(x) for x in wide + slim]; same(after[2:], [1448, 1448]); assert min(after[:2]) > 16000, after
            for c, s in (wide, slim):
                for n in (1, 1 << 18): c.sendall(pattern(n)); same(s.recv(n, MSG_WAITALL), pattern(n)); s.sendall(pattern(n)); same(c.recv(n, MSG_WAITALL), pattern(n))
            same([segment(x) for x in slim], [1448, 1448])
        """);

    /// <summary>Both buffers are full both ways: megabytes that were received, sent, and never sent.</summary>
    [TheoryWith("python3"), InlineData("SHUT_WR"), InlineData("None")]
    public void FullBuffers(string how) => Survives($"""
            c, s = pair(); up, down = fill(c), fill(s)
            if {how} is not None: c.shutdown({how}); s.shutdown({how})
            wait()
            if {how} is None: c.sendall(b''); threading.Thread(target=lambda: (c.sendall(b'end'), c.shutdown(SHUT_WR))).start(); threading.Thread(target=lambda: (s.sendall(b'end'), s.shutdown(SHUT_WR))).start()
            got = []; t = threading.Thread(target=lambda: got.append(all_of(c))); t.start(); there = all_of(s); t.join()
            tail = b'' if {how} else b'end'; same((len(there), len(got[0])), (up + len(tail), down + len(tail)))
            same(hashlib.sha1(there).digest(), hashlib.sha1(pattern(up) + tail).digest()); same(hashlib.sha1(got[0]).digest(), hashlib.sha1(pattern(down) + tail).digest())
        """);

    [FactWith("python3")]
    public void EveryStateOfClosing() => Survives("""
            a, b = pair(); a.send(b'last words'); a.shutdown(SHUT_WR)
            reach((a, FIN_WAIT2), (b, CLOSE_WAIT))
            c, g = pair(); c.send(b'x'); c.shutdown(SHUT_WR); reach((c, FIN_WAIT2), (g, CLOSE_WAIT)); g.send(b'y'); g.shutdown(SHUT_WR); reach((c, CLOSE), (g, CLOSE))
            e, f = pair(); e.send(b'unread'); comes(f); f.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack('ii', 1, 0)); f.close(); reach((e, CLOSE))
            names = [(x.getsockopt(SOL_SOCKET, 28, 16), x.getsockname()) for x in (a, b, c, g)]
            wait()
            same((state(a), state(b), state(c), state(g), state(e)), (FIN_WAIT2, CLOSE_WAIT, CLOSE, CLOSE, CLOSE))
            same([(x.getsockopt(SOL_SOCKET, 28, 16), x.getsockname()) for x in (a, b, c, g)], names)
            same(all_of(b), b'last words'); b.send(b'answer'); same(a.recv(99), b'answer'); b.close(); same(a.recv(1), b''); same(state(a), CLOSE)
            same((all_of(c), all_of(g)), (b'y', b'x'))
            for x in (c, g):
                try: x.send(b'z'); assert False
                except BrokenPipeError: pass
            try: e.recv(1); assert False
            except ConnectionResetError: pass
            same(e.recv(1), b'')
        """);

    /// <summary>
    /// A filter throws away what comes to the listening socket: with none, the kernel asks again after a second and the next ones,
    /// and with the checkpoint at such a moment the connections would be there, not accepted. One goes to a socket of this test's own,
    /// with the same filter: an address that nobody has is given up after some seconds.
    /// </summary>
    [FactWith("python3")]
    public void OnesThatAreBeingMade()
    {
        using var deaf = SocketCalls.TryMake(SocketFamily.Inet, CrCore.Kernel.SocketType.Stream, 0, out _)!;
        Assert.Equal(Errno.None, SocketCalls.SetFilter(deaf, [6, 0, 0, 0, 0, 0, 0, 0]));
        Assert.Equal(Errno.None, InetCalls.Listen(deaf, 1));
        Assert.Equal(Errno.None, SocketCalls.GetName(deaf, out var address));
        Survives($"""
            import ctypes
            l = socket(AF_INET, SOCK_STREAM); l.bind(('127.0.0.1', 0)); l.listen(); name = l.getsockname()
            nothing = ctypes.create_string_buffer(struct.pack('HBBI', 6, 0, 0, 0)); l.setsockopt(SOL_SOCKET, 26, struct.pack('HxxxxxxQ', 1, ctypes.addressof(nothing)))
            waiting = [socket(AF_INET, SOCK_STREAM) for i in range(4)]
            for w in waiting: w.setblocking(False); same(w.connect_ex(name), 115)
            last = socket(AF_INET, SOCK_STREAM); last.setblocking(False); same(last.connect_ex(('127.0.0.1', {BinaryPrimitives.ReadUInt16BigEndian(address.AsSpan(2))})), 115)
            locals = [x.getsockname() for x in waiting + [last]]
            wait()
            same([state(x) for x in waiting + [last]], [SYN_SENT] * 5); same([x.getsockname() for x in waiting + [last]], locals)
            l.setsockopt(SOL_SOCKET, 27, 0); accepted = dict()
            for w in waiting: s, address = l.accept(); accepted[address] = s
            for w in waiting: s = accepted[w.getsockname()]; w.setblocking(True); w.sendall(b'asked'); s.sendall(b'told'); same((s.recv(9), w.recv(9)), (b'asked', b'told')); same(state(w), ESTABLISHED)
        """);
    }

    /// <summary>
    /// One is made while the frozen tree is captured, by a SYN that the kernel sends again: the socket that listens takes it only then. Its program
    /// still waits for it, and so it is asked for once more: what waits to be accepted is not saved.
    /// </summary>
    [FactWith("python3")]
    public void OneThatIsMadeWhileTheTreeIsFrozen()
    {
        using var program = new SelfCheckingProgram(Calls + """
                import ctypes
                l = socket(AF_INET, SOCK_STREAM); l.bind(('127.0.0.1', 0)); l.listen(); nothing = ctypes.create_string_buffer(struct.pack('HBBI', 6, 0, 0, 0))
                l.setsockopt(SOL_SOCKET, 26, struct.pack('HxxxxxxQ', 1, ctypes.addressof(nothing))); os.dup2(l.fileno(), 300)
                c, s = pair(); w = socket(AF_INET, SOCK_STREAM); w.setblocking(False); same(w.connect_ex(l.getsockname()), 115); local = w.getsockname()
                wait()
                l.settimeout(30); x, address = l.accept(); same(address, local); same(w.getsockname(), local); w.setblocking(True); x.settimeout(30)
                w.sendall(b'asked'); same(x.recv(9), b'asked'); c.send(b'x'); same(s.recv(9), b'x')
            """);
        using var process = PidFd.Open(program.Pid);
        using var listening = process.TryGet(300, out _)!;
        program.Save(progress: new AtCapture(() =>
        {
            SocketCalls.SetNumber(listening, SocketLevel.Socket, SocketLevel.DetachFilter, 0);
            Assert.True(SpinWait.SpinUntil(() => (listening.PollNow(1) & 1) != 0, TimeSpan.FromMinutes(1)));
        }));
        // Else it would listen on.
        listening.Dispose();
        program.Restore(new() { NewPidNamespace = true });
        Assert.Equal("ok", program.Check());
    }

    /// <summary>Does something when the frozen tree has been inspected, and nothing of it was captured yet.</summary>
    private sealed class AtCapture(Action action) : IProgress<CrProgress>
    {
        private bool _isDone;

        public void Report(CrProgress value)
        {
            if (value.Step != "Capturing tasks" || _isDone)
                return;
            _isDone = true;
            action();
        }
    }

    [FactWith("python3")]
    public void ResetClosesThemAndKeepsWhatHadCome() => Survives("""
            c, s = pair(); c.send(b'come'); other, end = pair(); comes(s)
            wait()
            same((state(c), state(s), state(other), state(end)), (CLOSE, CLOSE, CLOSE, CLOSE)); same(all_of(s), b'come'); same(all_of(c), b'')
            try: s.send(b'x'); assert False
            except BrokenPipeError: pass
            p = select.poll(); p.register(end, select.POLLHUP); same(p.poll(0), [(end.fileno(), select.POLLHUP)])
        """, new() { TcpEstablished = TcpEstablishedPolicy.Reset });

    [FactWith("python3")]
    public void OnesThatAreRefused()
    {
        using var program = new SelfCheckingProgram(Calls + """
                c, s = pair()
                wait()
            """);
        var error = Assert.Throws<CrPreflightException>(() => program.Save(new() { TcpEstablished = TcpEstablishedPolicy.Fail }));
        Assert.All(error.Obstacles, o => Assert.Equal("CrTcpEstablished", o.Id));
        program.Save();
        error = Assert.Throws<CrPreflightException>(() => program.Restore(new() { TcpEstablished = TcpEstablishedPolicy.Fail, NewPidNamespace = true }));
        Assert.Equal(2, error.Obstacles.Count);
        program.Restore(new() { NewPidNamespace = true });
        Assert.Equal("ok", program.Check());
    }

    /// <summary>The other end is this test. What it sends while nobody is there is sent again until somebody is.</summary>
    [TheoryWith("python3"), InlineData("127.0.0.1"), InlineData("::1")]
    public void TheOtherEndOutsideOfTheTreeNoticesNothing(string address)
    {
        using var listener = new TcpListener(IPAddress.Parse(address), 0);
        listener.Start();
        using var program = new SelfCheckingProgram(Calls + $"""
                c = create_connection(('{address}', {((IPEndPoint)listener.LocalEndpoint).Port})); c.sendall(pattern(100000))
                wait()
                c.settimeout(30); same(c.recv(9, MSG_WAITALL), b'while off'); c.sendall(b'done')
            """);
        using var there = listener.AcceptTcpClient();
        var stream = there.GetStream();
        stream.ReadTimeout = 30_000;
        var saved = program.Save();
        Assert.Contains(saved.Warnings, w => w.Id == "CrTcpHeld");
        stream.Write("while off"u8);
        Thread.Sleep(300);
        program.Restore(new() { NewPidNamespace = true });
        Assert.Equal("ok", program.Check());
        var got = new byte[100_004];
        stream.ReadExactly(got);
        Assert.Equal(Enumerable.Range(0, 100_000).Select(i => (byte)(i % 251)), got.Take(100_000));
        Assert.Equal("done"u8.ToArray(), got[100_000..]);
        Assert.Equal(0, stream.Read(got));
    }

    /// <summary>A tree that runs on after its checkpoint: data flows all the while, in both directions, to within and to without.</summary>
    [FactWith("python3")]
    public void ATreeThatRunsOnIsUndisturbed()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var program = new SelfCheckingProgram(Calls + $"""
                c, s = pair(); out = create_connection(('127.0.0.1', {((IPEndPoint)listener.LocalEndpoint).Port})); c.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
                stop = threading.Event(); sums = {'{'}'sent': 0, 'got': 0{'}'}
                def send():
                    block = pattern(65536)
                    while not stop.is_set(): c.sendall(block); out.sendall(block); sums['sent'] += len(block)
                    c.shutdown(SHUT_WR); out.shutdown(SHUT_WR)
                def receive():
                    while True:
                        piece = s.recv(1 << 20)
                        if not piece: return
                        sums['got'] += len(piece)
                threads = [threading.Thread(target=send), threading.Thread(target=receive)]
                for t in threads: t.start()
                wait()
                stop.set()
                for t in threads: t.join()
                same(sums['sent'], sums['got']); same((c.getsockopt(SOL_SOCKET, SO_REUSEADDR), s.getsockopt(SOL_SOCKET, SO_REUSEADDR)), (1, 0))
                out.settimeout(30); same(struct.unpack('q', out.recv(8, MSG_WAITALL))[0], sums['sent'])
            """);
        using var there = listener.AcceptTcpClient();
        var count = Task.Run(() =>
        {
            var (total, buffer) = (0L, new byte[1 << 20]);
            for (int n; (n = there.GetStream().Read(buffer)) > 0;)
                total += n;
            there.GetStream().Write(BitConverter.GetBytes(total));
        });
        for (var i = 0; i < 5; i++)
            new TreeCheckpoint(new() { Overwrite = true }).Run(program.Pid, program.Image);
        Assert.Same("ok", Said(program.CheckRunning()));
        count.Wait();
    }
}
