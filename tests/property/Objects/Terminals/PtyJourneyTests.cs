using CrCore;
using CrCore.Checkpoint;
using CrProperty.Kernel;
using CrProperty.Objects.Files;
using Xunit;

namespace CrProperty.Objects.Terminals;

/// <summary>Pseudo-terminals whose masters a tree holds, through a checkpoint and a restore of a program that checks itself.</summary>
public class PtyJourneyTests
{
    private const string Calls = """
            import errno, termios, tty
            F = termios
            def window(fd): return struct.unpack('4H', fcntl.ioctl(fd, F.TIOCGWINSZ, b'\0' * 8))
            def waiting(fd): return struct.unpack('i', fcntl.ioctl(fd, F.FIONREAD, b'\0' * 4))[0]
            def ready(fd): return bool(select.select([fd], [], [], 0.5)[0])
            def arrived(fd, n):
                # What is written comes to the other side by a worker of the kernel.
                while waiting(fd) < n: time.sleep(0.01)
            def typed(m, s, text, last):
                # With an echo, by which is seen that the line discipline has all of it.
                a = F.tcgetattr(s); assert a[3] & F.ECHO; os.write(m, text); seen = b''
                while not seen.endswith(last): seen += os.read(m, 100)
                a[3] &= ~F.ECHO; F.tcsetattr(s, F.TCSANOW, a)
            def group(fd): return struct.unpack('i', fcntl.ioctl(fd, F.TIOCGPGRP, b'\0' * 4))[0]
            def session(fd): return struct.unpack('i', fcntl.ioctl(fd, 0x5429, b'\0' * 4))[0]

        """;

    private static void Survives(bool newPidNamespace, string code)
    {
        using var program = new SelfCheckingProgram(Calls + code);
        Assert.Equal("ok", program.Journey(restore: new() { NewPidNamespace = newPidNamespace }));
    }

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void ModesWindowAndOwner(bool newPidNamespace) => Survives(newPidNamespace, """
            m, s = os.openpty(); twin = os.open(os.ttyname(s), os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK); other = os.dup(m)
            a = F.tcgetattr(s); a[0] ^= F.IXANY; a[3] &= ~F.ECHO; a[6][F.VINTR] = b'\x05'; a[4] = a[5] = F.B9600; F.tcsetattr(s, F.TCSANOW, a)
            fcntl.ioctl(m, F.TIOCSWINSZ, struct.pack('4H', 33, 111, 5, 6)); os.fchown(s, 1234, 4321); os.fchmod(s, 0o640)
            name = os.ttyname(s); before = F.tcgetattr(s); st = os.fstat(s); os.set_inheritable(s, True); flags = [fcntl.fcntl(x, fcntl.F_GETFL) for x in (m, s, twin)]
            wait()
            same([fcntl.fcntl(x, fcntl.F_GETFL) for x in (m, s, twin)], flags); assert os.get_inheritable(s); assert not int(open('/proc/self/fdinfo/%d' % s).read().split()[3], 8) & 0o2000000
            same(F.tcgetattr(s), before); same(window(s), (33, 111, 5, 6)); same(os.ttyname(s), name); now = os.fstat(s)
            same((now.st_uid, now.st_gid, now.st_mode, now.st_rdev), (1234, 4321, st.st_mode, st.st_rdev))
            same(fcntl.fcntl(twin, fcntl.F_GETFL) & (3 | os.O_NONBLOCK), os.O_NONBLOCK)
            os.write(other, b'abc\n'); same(os.read(twin, 10), b'abc\n'); os.write(s, b'out'); same(os.read(m, 10), b'out')
        """);

    /// <summary>Lines that nobody has read, one that is still edited, an end of file that was typed, and output that nobody took.</summary>
    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void WhatWaitsInCanonicalMode(bool newPidNamespace) => Survives(newPidNamespace, """
            m, s = os.openpty(); typed(m, s, b'first\nsecond\x16\x03\x16\x04line\nno end\x04\x04half', b'half'); os.write(s, b'output\n'); arrived(m, 8)
            wait()
            same([os.read(s, 100) for _ in range(4)], [b'first\n', b'second\x03\x04line\n', b'no end', b''])
            os.write(m, b'X\x7f of it\n'); same(os.read(s, 100), b'half of it\n'); same(os.read(m, 100), b'output\r\n'); same(waiting(m), 0)
        """);

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void WhatWaitsInRawMode(bool newPidNamespace) => Survives(newPidNamespace, """
            m, s = os.openpty(); tty.setraw(s); data = bytes(range(256)) * 8; out = bytes(range(255, -1, -1)) * 40
            os.write(m, data); fcntl.fcntl(s, fcntl.F_SETFL, os.O_NONBLOCK); fcntl.fcntl(m, fcntl.F_SETFL, os.O_NONBLOCK)
            n = os.write(s, out); arrived(s, len(data)); arrived(m, min(n, 4000))     # the rest waits in front of the line discipline
            wait()
            def everything(fd):
                r = b''
                while ready(fd): r += os.read(fd, 65536)
                return r
            same(everything(s), data); same(everything(m), out[:n])
        """);

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void PacketModeAndExclusiveUse(bool newPidNamespace) => Survives(newPidNamespace, """
            m, s = os.openpty(); fcntl.ioctl(m, F.TIOCPKT, struct.pack('i', 1)); fcntl.ioctl(s, F.TIOCEXCL); tty.setraw(s); os.write(s, b'one'); arrived(m, 3)
            wait()
            same(os.read(m, 100), b'\0one'); os.write(s, b'two'); same(os.read(m, 100), b'\0two')
            same(struct.unpack('i', fcntl.ioctl(s, 0x80045440, b'\0' * 4))[0], 1); F.tcflush(s, F.TCIFLUSH); same(os.read(m, 100)[0] & 1, 1)
        """);

    /// <summary>The master of a slave that was closed tells an end; that of one never opened waits.</summary>
    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void MastersAlone(bool newPidNamespace) => Survives(newPidNamespace, """
            closed, s = os.openpty(); os.write(s, b'last words'); os.close(s); locked = os.open('/dev/ptmx', os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
            hung, s2 = os.openpty(); os.close(hung)
            # To ask makes the worker finish (n_tty_poll in drivers/tty/n_tty.c).
            select.select([closed], [], [])
            wait()
            same(os.read(closed, 100), b'last words')
            try: os.read(closed, 1); assert False
            except OSError as e: same(e.errno, errno.EIO)
            same(struct.unpack('i', fcntl.ioctl(locked, 0x80045439, b'\0' * 4))[0], 1)
            try: os.read(locked, 1); assert False
            except BlockingIOError: pass
            same(os.read(s2, 1), b''); p = select.poll(); p.register(s2); assert p.poll(0)[0][1] & select.POLLHUP
        """);

    /// <summary>A shell's situation: a leader, a job in the foreground, one in the background, one that has left; /dev/tty in each.</summary>
    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void SessionsAndForegroundGroups(bool newPidNamespace) => Survives(newPidNamespace, """
            m, s = os.openpty(); a = F.tcgetattr(s); a[3] &= ~F.ECHO; F.tcsetattr(s, F.TCSANOW, a); go, went = os.pipe(); back, tell = os.pipe()
            def job(name, leaves=False):
                pid = os.fork()
                if pid: os.setpgid(pid, pid); return pid
                if leaves: fcntl.ioctl(0, F.TIOCNOTTY); t = None
                else: t = os.open('/dev/tty', os.O_RDWR)
                os.write(tell, b'r'); os.read(go, 1)
                try: fresh = os.open('/dev/tty', os.O_RDWR); ok = not leaves and group(fresh) == group(t) and os.readlink('/proc/self/fd/%d' % t) == '/dev/tty'
                except OSError as e: ok = leaves and e.errno == errno.ENXIO
                if name == 'fore': signal.signal(signal.SIGINT, lambda *_: os.write(tell, b'I'))
                os.write(tell, b'+' if ok else b'-')
                # Not pause: a signal just before it would wait for the next one to be handled.
                while True: time.sleep(0.05)
            leader = os.fork()
            if leader == 0:
                os.setsid(); fcntl.ioctl(s, F.TIOCSCTTY, 0); os.dup2(s, 0); os.close(m); signal.signal(signal.SIGTTOU, signal.SIG_IGN)
                jobs = [job('fore'), job('back'), job('gone', True)]; fcntl.ioctl(0, F.TIOCSPGRP, struct.pack('i', jobs[0])); os.write(tell, b'r')
                os.read(go, 1); os.write(tell, b'+' if group(0) == jobs[0] and session(0) == os.getpid() else b'-')
                while True: signal.pause()
            seen = b''
            while len(seen) < 4: seen += os.read(back, 4)
            before = [group(m), session(m)]
            wait()
            same([group(m), session(m)], before); os.write(went, b'gogo'); seen = b''
            while len(seen) < 4: seen += os.read(back, 4)
            same(seen, b'++++'); os.write(m, b'\x03'); same(os.read(back, 1), b'I')
            # The job before the leader: a leader's end hangs the terminal up, which ends the job in the foreground.
            os.killpg(before[0], 9); os.kill(leader, 9)
            for p in open('/proc/thread-self/children').read().split(): os.kill(int(p), 9)
        """);

    /// <summary>What waits in a terminal is taken to be looked at; a tree that runs on has it again.</summary>
    [FactWith("python3")]
    public void WhatWaitsIsPutBackInATreeThatRunsOn()
    {
        using var program = new SelfCheckingProgram(Calls + """
            m, s = os.openpty(); typed(m, s, b'a line\nhalf', b'half'); before = F.tcgetattr(s); os.write(s, b'out'); arrived(m, 3)
            wait()
            same(F.tcgetattr(s), before); same(os.read(s, 100), b'a line\n'); os.write(m, b'\n'); same(os.read(s, 100), b'half\n'); same(os.read(m, 100), b'out')
        """);
        new TreeCheckpoint(new()).Run(program.Pid, program.Image);
        Assert.Equal("ok", program.CheckRunning());
    }
}
