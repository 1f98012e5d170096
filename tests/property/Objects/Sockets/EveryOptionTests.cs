using CrCore;
using CrProperty.Kernel;
using CrProperty.Objects.Files;
using Xunit;

namespace CrProperty.Objects.Sockets;

/// <summary>
/// Options by their numbers, without a list of what is known: whatever setsockopt(2) takes and getsockopt(2) shows, on a socket
/// for each, has to be the same afterwards.
/// </summary>
[Collection(Ports.Name)]
public class EveryOptionTests
{
    private const string Calls = """
            from socket import *
            # What fails or is another thing to set: filters and programs, repair, protocols over TCP, keys.
            not_set = {1: [25, 26, 27, 50, 51, 52, 62], 6: [14, 19, 20, 21, 22, 29, 31, 33, 38, 39, 40], 0: [16, 64], 41: [64]}
            # The kernel says only that IPV6_ROUTER_ALERT is set; the number 57 is SO_COOKIE's, the rest of SOL_SOCKET tells of peers and of now.
            # TCP_INFO tells of now, TCP_TIMESTAMP is a clock; PACKET_HDRLEN answers to what stands in the buffer.
            not_kept = {1: [4, 17, 26, 28, 31, 55, 56, 57, 59, 77], 41: [22], 6: [11, 24], 263: [11]}
            values = [struct.pack('i', x) for x in (1, 2, 5, 9, 101, 70003, 0)] + [struct.pack('ii', 1, 7), struct.pack('Q', 123456), struct.pack('ii', 11, 3), struct.pack('qq', 3, 250000), b'reno']
            values += [inet_aton('127.0.0.1') * 2 + struct.pack('i', 1), b'\x94\x04\0\0', b'\x3a\0\5\2\0\0\1\0', b'\0\0\1\4\0\0\0\0', struct.pack('8I', *[5] * 8), struct.pack('HH', 20000, 30000)]
            names = {1: range(1, 90), 0: range(1, 130), 41: range(1, 100), 6: range(1, 50), 17: [1, 100, 101, 102, 103, 104], 136: [10, 11], 255: [1], 58: [1], 263: range(1, 30), 270: range(1, 15)}
            def seen(s, level, name):
                found = []
                for size in (4, 8, 16, 32, 256):
                    try: found.append(s.getsockopt(level, name, size))
                    except OSError as e: found.append(e.errno)
                return found
            def sockets(make, levels):
                kept = []
                for level in levels:
                    for name in names[level]:
                        if name in not_set.get(level, []) + not_kept.get(level, []): continue
                        s = make(); fresh = seen(s, level, name)
                        for v in values:
                            try: s.setsockopt(level, name, v)
                            except OSError: continue
                            if seen(s, level, name) != fresh: break
                        if seen(s, level, name) != fresh: kept.append((s, level, name, seen(s, level, name)))
                        else: s.close()
                return kept
            others = []
            def connected(family, host):
                l = create_server((host, 0), family=family); s = socket(family); s.connect(l.getsockname()); others.extend([l, l.accept()[0]]); return s
            def bound(s, host, backlog=0):
                s.bind((host, 0))
                if backlog: s.listen(backlog)
                return s
            def pair(kind):
                a, b = socketpair(AF_UNIX, kind); others.append(b); return a

        """;

    [TheoryWith("python3")]
    [InlineData("socket(AF_INET)", "1, 0, 6", 40), InlineData("socket(AF_INET6)", "1, 0, 41, 6", 60)]
    [InlineData("bound(socket(AF_INET6), '::1', 3)", "1, 0, 41, 6", 60), InlineData("connected(AF_INET, '127.0.0.1')", "1, 0, 6", 40)]
    [InlineData("connected(AF_INET6, '::1')", "1, 0, 41, 6", 60)]
    [InlineData("socket(AF_INET, SOCK_DGRAM)", "1, 0, 17", 40), InlineData("bound(socket(AF_INET6, SOCK_DGRAM), '::1')", "1, 0, 41, 17", 60)]
    [InlineData("socket(AF_INET, SOCK_DGRAM, 136)", "1, 0, 17, 136", 40)]
    [InlineData("socket(AF_INET, SOCK_RAW, 1)", "1, 0, 255", 40), InlineData("socket(AF_INET6, SOCK_RAW, 58)", "1, 0, 41, 58", 60)]
    [InlineData("socket(AF_PACKET, SOCK_RAW, 0)", "1, 263", 25), InlineData("socket(AF_NETLINK, SOCK_RAW, 0)", "1, 270", 25)]
    [InlineData("pair(SOCK_STREAM)", "1", 20), InlineData("pair(SOCK_DGRAM)", "1", 20), InlineData("pair(SOCK_SEQPACKET)", "1", 20)]
    public void WhatCanBeSetIsKept(string make, string levels, int least)
    {
        using var program = new SelfCheckingProgram(Calls + $"""
                kept = sockets(lambda: {make}, [{levels}])
                kept = [(s, l, n, seen(s, l, n)) for s, l, n, _ in kept]
                assert len(kept) > {least}, len(kept)
                wait()
                lost = [(l, n, before, seen(s, l, n)) for s, l, n, before in kept if seen(s, l, n) != before]
                same(lost, [])
            """);
        var told = program.Journey(restore: new() { NewPidNamespace = true });
        Assert.True(told == "ok", told);
    }

    /// <summary>A connection that counted what it sent has ended; one was bound to an interface that leads elsewhere when it was connected already.</summary>
    [FactWith("python3")]
    public void OptionsThatTheStateForbidsNow()
    {
        using var program = new SelfCheckingProgram(Calls + """
                other = ([n for _, n in if_nameindex() if n != 'lo'] or ['lo'])[0].encode() + b'\0'
                ended = connected(AF_INET, '127.0.0.1'); ended.setsockopt(SOL_SOCKET, 37, 0x80 | 0x10); others[-1].setsockopt(SOL_SOCKET, SO_LINGER, struct.pack('ii', 1, 0)); others.pop().close()
                while ended.getsockopt(6, 11, 1)[0] != 7: time.sleep(0.01)
                u = bound(socket(AF_INET, SOCK_DGRAM), '127.0.0.1'); u.connect(others[0].getsockname()); u.setsockopt(SOL_SOCKET, SO_BINDTODEVICE, other)
                v = bound(socket(AF_INET6, SOCK_STREAM), '::1'); v.setsockopt(SOL_SOCKET, SO_BINDTODEVICE, other)
                c = connected(AF_INET, '127.0.0.1'); c.setsockopt(SOL_SOCKET, SO_BINDTODEVICE, other); k = connected(AF_INET6, '::1'); k.setsockopt(SOL_SOCKET, SO_BINDTODEVICE, other)
                names = [x.getsockname() for x in (u, v, c, k)]
                wait()
                same([x.getsockname() for x in (u, v, c, k)], names); same(u.getpeername(), others[0].getsockname())
                same([x.getsockopt(SOL_SOCKET, SO_BINDTODEVICE, 16) for x in (u, v, c, k)], [other] * 4); same(ended.getsockopt(SOL_SOCKET, 37) & 0x10, 0x10)
            """);
        var told = program.Journey(restore: new() { NewPidNamespace = true });
        Assert.True(told == "ok", told);
    }

    [FactWith("python3")]
    public void AnAddressWithoutAPortStaysWithoutOne()
    {
        using var program = new SelfCheckingProgram(Calls + """
                libc = ctypes.CDLL(None)
                u = bound(socket(AF_INET, SOCK_DGRAM), '127.0.0.1'); u.connect(('127.0.0.1', 9)); same(libc.connect(u.fileno(), struct.pack('H14x', 0), 16), 0); same(u.getsockname(), ('127.0.0.1', 0))
                t = socket(AF_INET); t.setsockopt(0, 24, 1); t.bind(('127.0.0.1', 0)); same(t.getsockname()[1], 0)
                wait()
                same([x.getsockname() for x in (u, t)], [('127.0.0.1', 0)] * 2); same([x.getsockopt(0, 24) for x in (u, t)], [0, 1])
            """);
        var told = program.Journey(restore: new() { NewPidNamespace = true });
        Assert.True(told == "ok", told);
    }

    /// <summary>A family that cannot be saved is refused by its name; an error that waits is told of.</summary>
    [FactWith("python3")]
    public void FamiliesAreNamedAndErrorsTold()
    {
        using var program = new SelfCheckingProgram(Calls + """
                # Nobody's port (tcpmux), and none that the kernel gives to somebody meanwhile.
                e = socket(AF_INET, SOCK_DGRAM); e.connect(('127.0.0.1', 1)); e.send(b'x'); select.select([e], [], [], 20)
                try: v = socket(AF_VSOCK, SOCK_STREAM)
                except OSError: v = None
                said('made', 'yes' if v else '')
                wait()
            """);
        if (File.ReadAllText(Path.Combine(program.Folder, "made")) == "yes")
            Assert.Contains(Assert.Throws<CrPreflightException>(() => program.Save()).Obstacles, o => o.Id == "CrDescriptorNotSupported" && o.Reason.Contains("AF_VSOCK", StringComparison.Ordinal));
        else
            Assert.Contains(program.Save().Warnings, w => w.Id == "CrDatagramError");
    }

    /// <summary>The addresses that others have now are told before anything is made, all of them.</summary>
    [FactWith("python3")]
    public void AddressesThatAreTakenAreToldBeforehand()
    {
        using var program = new SelfCheckingProgram(Calls + """
                l = bound(socket(AF_INET), '127.0.0.1', 5); u = bound(socket(AF_INET6, SOCK_DGRAM), '::1'); free = bound(socket(AF_INET), '127.0.0.1')
                said('ports', '%d %d' % (l.getsockname()[1], u.getsockname()[1]))
                wait()
            """);
        var ports = File.ReadAllText(Path.Combine(program.Folder, "ports")).Split(' ').Select(int.Parse).ToArray();
        program.Save();
        using (var tcp = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.InterNetwork, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp))
        using (var udp = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.InterNetworkV6, System.Net.Sockets.SocketType.Dgram, System.Net.Sockets.ProtocolType.Udp))
        {
            tcp.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, ports[0]));
            tcp.Listen();
            udp.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.IPv6Loopback, ports[1]));
            var error = Assert.Throws<CrPreflightException>(() => program.Restore(new() { NewPidNamespace = true }));
            Assert.Equal(["CrAddressInUse", "CrAddressInUse"], error.Obstacles.Where(o => o.Severity == ObstacleSeverity.Error).Select(o => o.Id));
        }
        // A child that another test starts at this moment has the two sockets as well, until it runs its program.
        Module.LiveProcess.WaitUntil(() => !IsTaken("tcp", ports[0]) && !IsTaken("udp6", ports[1]));
        program.Restore(new() { NewPidNamespace = true });
        Assert.Equal("ok", program.Check());
    }

    private static bool IsTaken(string table, int port)
        => File.ReadLines($"/proc/net/{table}").Any(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1].EndsWith($":{port:X4}", StringComparison.Ordinal));
}
