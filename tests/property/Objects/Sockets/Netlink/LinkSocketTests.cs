using CrCore;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Sockets.Netlink;
using CrCore.Objects.Sockets.Packet;
using CrProperty.Kernel;
using CrProperty.Objects.Files;
using FsCheck.Xunit;
using Xunit;

namespace CrProperty.Objects.Sockets.Netlink;

/// <summary>Netlink and packet sockets: their records, and programs that check themselves after a restore.</summary>
public class LinkSocketTests
{
    private const string Calls = """
            import socket
            from socket import *
            def groups(s): b = s.getsockopt(270, 9, 64); return [i + 1 for i in range(len(b) * 8) if b[i // 8] >> i % 8 & 1]
            def message(kind, flags, body=b''): return struct.pack('IHHII', 16 + len(body), kind, flags, 7, 0) + body

        """;

    [Property]
    public void NetlinkRecord(bool raw, byte protocol, uint port, uint peer, uint[] groups)
        => Same(new NetlinkSocketRecord(raw ? SocketType.Raw : SocketType.Datagram, protocol, port, peer, ~peer, groups));

    [Property]
    public void PacketRecord(ushort protocol, uint fanout, uint size, byte[] address, ushort type)
    {
        var record = new PacketSocketRecord
        {
            SocketType = SocketType.Raw,
            Protocol = protocol,
            Interface = protocol % 2 == 0 ? "" : "lo",
            Fanout = fanout,
            CopyThreshold = size,
            Receive = new(size, fanout, protocol, type, size, fanout, type),
            Memberships = [new("eth0", type, type, address.Take(32).ToArray())],
        };
        Assert.Equal(RecordCode.Encode(record), RecordCode.Encode(RecordCode.Again(record)));
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(3, 256)]
    public void ANetlinkSocketThatIsNoneIsAnError(int type, int protocol)
        => Assert.Throws<CrImageException>(() => RecordCode.Again(new NetlinkSocketRecord(type, protocol, 0, 0, 0, [])));

    [FactWith("python3")]
    public void Netlink() => Survives("""
            # Groups in which nothing is ever told (RTNLGRP_NOP2, and udev's own): other tests make devices, of which the first groups tell.
            route = socket(AF_NETLINK, SOCK_RAW, 0); route.bind((0, 1 << 13)); route.setsockopt(270, 1, 27); route.setsockopt(270, 11, 1); route.setsockopt(270, 3, 1)
            events = socket(AF_NETLINK, SOCK_DGRAM, 15); events.bind((os.getpid() + 1, 2)); plain = socket(AF_NETLINK, SOCK_RAW, 0)
            sender = socket(AF_NETLINK, SOCK_RAW, 15); sender.connect((os.getpid() + 1, 0)); events.setsockopt(SOL_SOCKET, SO_RCVBUF, 99999); size = events.getsockopt(SOL_SOCKET, SO_RCVBUF)
            names = [x.getsockname() for x in (route, events, plain, sender)]; before = groups(route), groups(events)
            wait()
            same([x.getsockname() for x in (route, events, plain, sender)], names); same((groups(route), groups(events)), before); same(before, ([14, 27], [2]))
            same((route.getsockopt(270, 11), route.getsockopt(270, 3), events.getsockopt(SOL_SOCKET, SO_RCVBUF)), (1, 1, size)); same(sender.getpeername(), (os.getpid() + 1, 0))
            route.send(message(18, 0x301, struct.pack('BxHiII', 0, 0, 0, 0, 0))); assert b'lo\0' in route.recv(1 << 16)
            sender.send(message(0x1234, 1)); same(events.recv(99)[:6], message(0x1234, 1)[:4] + struct.pack('H', 0x1234))
        """);

    [FactWith("python3")]
    public void Packets() => Survives("""
            PACKET = 263
            a = socket(AF_PACKET, SOCK_RAW, htons(0x88b5)); a.bind(('lo', 0x88b5)); a.setsockopt(PACKET, 8, 1); a.setsockopt(PACKET, 23, 0); free = socket(AF_PACKET, SOCK_DGRAM, 0)
            lo = if_nametoindex('lo'); free.setsockopt(PACKET, 1, struct.pack('iHH8s', lo, 1, 0, b''))
            ring = socket(AF_PACKET, SOCK_RAW, 0); ring.setsockopt(PACKET, 10, 1); ring.setsockopt(PACKET, 5, struct.pack('4I', 8192, 2, 2048, 8)); ring.setsockopt(PACKET, 13, struct.pack('4I', 4096, 1, 1024, 4))
            import mmap; area = mmap.mmap(ring.fileno(), 8192 * 2 + 4096); where = [l.split()[0] for l in open('/proc/self/maps') if 'socket:' in l]
            fans = [socket(AF_PACKET, SOCK_RAW, htons(0x88b6)) for i in range(2)]
            for f in fans: f.bind(('lo', 0x88b6)); f.setsockopt(PACKET, 18, 77 | 1 << 16)
            names = [x.getsockname() for x in (a, free, ring, *fans)]
            wait()
            same([x.getsockname() for x in (a, free, ring, *fans)], names); same((a.getsockopt(PACKET, 8), ring.getsockopt(PACKET, 10), [f.getsockopt(PACKET, 18) for f in fans]), (1, 1, [77 | 1 << 16] * 2))
            same([l.split()[0] for l in open('/proc/self/maps') if 'socket:' in l], where); same(len(where), 1); same(area[2048:2052], bytes(4)); area[16384] = 1
            a.send(bytes(12) + b'\x88\xb5hello'); a.settimeout(5); same(a.recv(99)[14:], b'hello')
            free.setsockopt(PACKET, 2, struct.pack('iHH8s', lo, 1, 0, b''))
            try: ring.setsockopt(PACKET, 10, 0); assert False
            except OSError as e: same(e.errno, 16)
        """);

    /// <summary>The older type of packet sockets: its addresses are names, and its protocol is told by diag alone.</summary>
    [FactWith("python3")]
    public void PacketsOfTheOldType() => Survives("""
            libc = ctypes.CDLL(None, use_errno=True)
            def name(s):
                b, n = ctypes.create_string_buffer(64), ctypes.c_uint(64); same(libc.getsockname(s.fileno(), b, ctypes.byref(n)), 0); return b.raw[:n.value].rstrip(b'\0')
            bound, free = socket(AF_PACKET, 10, htons(0x88b7)), socket(AF_PACKET, 10, htons(0x88b8)); address = struct.pack('H14s', AF_PACKET, b'lo')
            same(libc.bind(bound.fileno(), address, len(address)), 0); names = name(bound), name(free); same(names, (b'\x11\0lo', b'\x11'))
            wait()
            same((name(bound), name(free)), names); out = socket(AF_PACKET, SOCK_RAW, 0); out.bind(('lo', 0))
            for s, kind in (bound, b'\x88\xb7'), (free, b'\x88\xb8'): out.send(bytes(12) + kind + b'hello'); s.settimeout(5); same(s.recv(99)[12:], kind + b'hello')
        """);

    private static void Survives(string code)
    {
        using var program = new SelfCheckingProgram(Calls + code);
        var said = program.Journey(restore: new() { NewPidNamespace = true });
        Assert.True(said == "ok", said);
    }

    private static void Same(ICrRecord record) => Assert.Equal(record, RecordCode.Again(record));
}
