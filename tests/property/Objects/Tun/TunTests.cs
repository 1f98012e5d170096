using System.Diagnostics;
using CrCore;
using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Objects.Tun;
using CrProperty.Kernel;
using CrProperty.Objects.Files;
using FsCheck.Xunit;
using Xunit;

namespace CrProperty.Objects.Tun;

/// <summary>TUN and TAP devices through a checkpoint and a restore.</summary>
public class TunTests
{
    private const string What = "TUN devices", Try = """
        fd = os.open('/dev/net/tun', os.O_RDWR); fcntl.ioctl(fd, 0x400454da, struct.pack('I', 1000000 + os.getpid())); fcntl.ioctl(fd, 0x400454ca, struct.pack('16sH22x', b'crtry%d', 0x1002))
        open('/sys/class/net/lo/mtu').read()
        """;

    private const string Calls = """
            import socket
            TUN, TAP, NO_PI, MULTI, DISABLED, PERSISTENT = 1, 2, 0x1000, 0x100, 0x400, 0x800
            net = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            def attach(name, flags):
                fd = os.open('/dev/net/tun', os.O_RDWR | os.O_NONBLOCK); b = bytearray(struct.pack('16sH22x', name, flags)); fcntl.ioctl(fd, 0x400454ca, b)
                return fd, bytes(b[:16]).rstrip(b'\0').decode()
            def interface(fd): b = fcntl.ioctl(fd, 0x800454d2, bytes(40)); return b[:16].rstrip(b'\0').decode(), struct.unpack_from('H', b, 16)[0]
            def number(fd, request): return struct.unpack('i', fcntl.ioctl(fd, request, bytes(4)))[0]
            def set_queue(fd, flags): fcntl.ioctl(fd, 0x400454d9, struct.pack('16sH22x', b'', flags))
            def set_link(name, request, what): fcntl.ioctl(net, request, struct.pack('16s', name.encode()) + what.ljust(24, b'\0'))
            def link(name): return {f: open('/sys/class/net/%s/%s' % (name, f)).read() for f in ('ifindex', 'mtu', 'address', 'flags', 'tx_queue_len', 'owner', 'group', 'tun_flags', 'type')}

        """;

    private static void Survives(string code)
    {
        using var program = new SelfCheckingProgram(Calls + code);
        try
        {
            var told = program.Journey();
            Assert.True(told == "ok", told);
        }
        finally
        {
            // One that stays must not stay behind a test that failed.
            if (File.Exists(Path.Combine(program.Folder, "stays")))
                Remove(File.ReadAllText(Path.Combine(program.Folder, "stays")));
        }
    }

    private static void Remove(string name)
    {
        using var ip = Process.Start(new ProcessStartInfo("python3", ["-c", $"import fcntl, os, struct\nfd = os.open('/dev/net/tun', os.O_RDWR)\nfcntl.ioctl(fd, 0x400454ca, struct.pack('16sH22x', b'{name}', 0x1002))\nfcntl.ioctl(fd, 0x400454cb, 0)"]) { RedirectStandardError = true })!;
        ip.WaitForExit();
    }

    [FactTried(What, Try)]
    public void DevicesThatGoWithTheTreeAreMadeAgain() => Survives("""
            free = os.open('/dev/net/tun', os.O_RDWR); tun, a = attach(b'crtun%d', TUN | NO_PI); tap, b = attach(b'crtap%d', TAP)
            set_link(a, 0x8922, struct.pack('i', 1380)); set_link(b, 0x8924, struct.pack('H', 1) + bytes([2, 0x11, 0x22, 0x33, 0x44, 0x55])); set_link(b, 0x8943, struct.pack('i', 123))
            fcntl.ioctl(tun, 0x400454cc, 1234); fcntl.ioctl(tap, 0x400454ce, 4321); fcntl.ioctl(tap, 0x400454d4, struct.pack('i', 70000)); fcntl.ioctl(tun, 0x400454d8, struct.pack('i', 12))
            set_link(b, 0x8914, struct.pack('H', 0x1 | 0x1000 | 0x80)); twin = os.dup(tun)
            state = lambda: ([interface(x) for x in (tun, tap, twin)], [link(x) for x in (a, b)], [number(x, r) for x in (tun, tap) for r in (0x800454d3, 0x800454d7)], fcntl.fcntl(tap, fcntl.F_GETFL))
            before = state(); assert int(before[1][1]['flags'], 16) & 1
            wait()
            same(state(), before)
            try: interface(free); assert False
            except OSError as e: same(e.errno, 77)
            fcntl.ioctl(free, 0x400454ca, struct.pack('16sH22x', b'crtun%d', TUN)); os.write(tap, bytes(4) + b'\xff' * 12 + b'\x88\xb5' + bytes(46))
        """);

    [FactTried(What, Try)]
    public void ADeviceThatStaysIsAttachedToAgain() => Survives("""
            tap, name = attach(b'crtap%d', TAP | NO_PI); fcntl.ioctl(tap, 0x400454cb, 1); said('stays', name)
            set_link(name, 0x8916, struct.pack('HH', 2, 0) + bytes([198, 18, 77, 1])); before = (interface(tap), link(name)); same(before[0][1] & PERSISTENT, PERSISTENT)
            wait()
            same((interface(tap), link(name)), before); fcntl.ioctl(tap, 0x400454cb, 0)
        """);

    [FactTried(What, Try)]
    public void Queues() => Survives("""
            one, name = attach(b'crtun%d', TUN | NO_PI | MULTI); two, _ = attach(name.encode(), TUN | NO_PI | MULTI); three, _ = attach(name.encode(), TUN | NO_PI | MULTI); set_queue(two, DISABLED)
            before = ([interface(x) for x in (one, two, three)], link(name))
            wait()
            same(([interface(x) for x in (one, two, three)], link(name)), before); set_queue(two, 0x200); same(interface(two)[1] & DISABLED, 0)
        """);

    [TheoryTried(What, Try)]
    [InlineData("tap, name = attach(b'crtap%d', TAP | NO_PI); set_link(name, 0x8916, struct.pack('HH', 2, 0) + bytes([198, 18, 78, 1]))", "an address")]
    [InlineData("tap, name = attach(b'crtap%d', TAP | NO_PI | 0x4000)", "offloads")]
    public void WhatWouldBeLostWithTheDeviceIsRefused(string make, string reason)
    {
        using var program = new SelfCheckingProgram(Calls + "    " + make + "\n    wait()\n");
        var obstacles = new TreeCheckpoint(new()).Preview(program.Pid).Obstacles;
        Assert.Contains(obstacles, o => o.Id == "CrTun" && o.Severity == ObstacleSeverity.Error && o.Reason.Contains(reason));
        Assert.Equal("ok", program.CheckRunning());
    }

    [Property]
    public void Records(uint flags, bool isPersistent, ushort index, uint owner, int size, uint mtu, bool isDisabled)
    {
        Same(new TunRecord { ObjRef = 3, Name = "a_name_15_chars", Flags = flags, IsPersistent = isPersistent, Index = index + 1, Owner = owner, Group = ~owner, SendBuffer = size, HeaderSize = ~size, Mtu = mtu, QueueLength = mtu + 1, InterfaceFlags = flags, Address = new byte[] { 2, 1, 2, 3, 4, 5 }, HasCarrier = isDisabled });
        Same(new TunQueueRecord(isDisabled));
    }

    [Theory]
    [InlineData("", 1), InlineData("name", 0), InlineData("name", -1)]
    public void ADeviceThatCannotBeIsAnError(string name, int index)
        => Assert.Throws<CrImageException>(() => RecordCode.Again(new TunRecord { ObjRef = 3, Name = name, Flags = 1, Index = index }));

    private static void Same(ICrRecord record) => Assert.Equal(record, RecordCode.Again(record));
}
