using CrProperty.Kernel;
using CrProperty.Objects.Files;
using Xunit;

namespace CrProperty.Objects.Events;

/// <summary>Event descriptors through a checkpoint and a restore of a live program that checks itself.</summary>
public class EventJourneyTests
{
    private const string Calls = """
            libc = ctypes.CDLL(None, use_errno=True)
            def info(fd): return dict(l.split(':', 1) for l in open('/proc/self/fdinfo/%d' % fd).read().splitlines() if l.split(':')[0] not in ('eventfd-id', 'mnt_id', 'it_value'))
            def arm(fd, flags, interval, value):
                ns = lambda t: (int(t), int(t % 1 * 10 ** 9))
                assert libc.timerfd_settime(fd, flags, struct.pack('4q', *ns(interval), *ns(value)), None) == 0
            def left(fd):
                b = ctypes.create_string_buffer(32); assert libc.timerfd_gettime(fd, b) == 0
                i, j, s, t = struct.unpack('4q', b.raw); return i + j / 1e9, s + t / 1e9
            def ready(fd): return bool(select.select([fd], [], [], 0)[0])
            def number(fd): return struct.unpack('Q', os.read(fd, 8))[0]
            def due(fd, at):
                # What is left was told at some moment between the two looks at the clock, which may be far apart.
                first = time.time(); rest = left(fd)[1]; last = time.time(); assert first + rest - 0.5 < at < last + rest + 0.5, (first, rest, last, at)

        """;

    private static void Survives(bool newPidNamespace, string code)
    {
        using var program = new SelfCheckingProgram(Calls + code);
        Assert.Equal("ok", program.Journey(restore: new() { NewPidNamespace = newPidNamespace }));
    }

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void Counters(bool newPidNamespace) => Survives(newPidNamespace, """
            plain = libc.eventfd(5, os.O_NONBLOCK); semaphore = libc.eventfd(3, 1); empty = libc.eventfd(0, os.O_NONBLOCK | os.O_CLOEXEC)
            full = libc.eventfd(0, os.O_NONBLOCK); os.write(full, struct.pack('Q', 2 ** 64 - 2)); twin = os.dup(plain)
            all = (plain, semaphore, empty, full); before = [info(x) for x in all]
            wait()
            same([info(x) for x in all], before); same(os.get_inheritable(empty), False)
            same(number(twin), 5); same(ready(plain), False); same([number(semaphore) for _ in range(3)], [1, 1, 1]); same(number(full), 2 ** 64 - 2)
            try: os.read(empty, 8); assert False
            except BlockingIOError: pass
        """);

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void ACounterThatTwoTasksShare(bool newPidNamespace) => Survives(newPidNamespace, """
            go = libc.eventfd(0, 0); back = libc.eventfd(0, 0); child = os.fork()
            if child == 0:
                os.write(back, struct.pack('Q', number(go) + 1)); os._exit(0)
            wait()
            os.write(go, struct.pack('Q', 41)); same(number(back), 42); same(os.wait(), (child, 0))
        """);

    /// <summary>Timers that would wake the machine, also on one without a clock that can.</summary>
    [FactWith("python3")]
    public void AlarmClocks() => Survives(false, """
            # CLOCK_REALTIME_ALARM and CLOCK_BOOTTIME_ALARM take CAP_WAKE_ALARM.
            timers = [libc.timerfd_create(c, os.O_NONBLOCK) for c in (8, 9)]; can = [int(l.split()[1], 16) >> 35 & 1 for l in open('/proc/self/status') if l.startswith('CapEff')]; same([t >= 0 for t in timers], [can == [1]] * 2); timers = timers * can[0]
            for t in timers: arm(t, 0, 100.5, 1000)
            day = [libc.timerfd_create(8, 0) for t in timers[:1]]; at = int(time.time()) + 5000
            for t in day: arm(t, 1, 0, at)
            wait()
            for t in timers: i, v = left(t); same(i, 100.5); assert 800 < v <= 1000, v
            for t in day: due(t, at)
        """);

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void TimersGoOnWithWhatTheyHadLeft(bool newPidNamespace) => Survives(newPidNamespace, """
            MONOTONIC, BOOTTIME = 1, 7
            idle = libc.timerfd_create(MONOTONIC, os.O_NONBLOCK); long = libc.timerfd_create(BOOTTIME, 0); arm(long, 0, 500.25, 1000)
            done = libc.timerfd_create(MONOTONIC, 0); arm(done, 0, 0, 1e-9)
            # The machine may have started a minute ago: two and a half intervals late in whatever time it has been up.
            up = time.clock_gettime(time.CLOCK_MONOTONIC); often = int(up * 0.36) + 0.25; late = libc.timerfd_create(MONOTONIC, 0); arm(late, 1, often, up - 2.5 * often)
            far = libc.timerfd_create(MONOTONIC, 0); arm(far, 1, 0, time.clock_gettime(time.CLOCK_MONOTONIC) + 1000)
            while not ready(done) or not ready(late): pass
            wait()
            same(left(idle), (0, 0)); same(ready(idle), False); i, v = left(long); same(i, 500.25); assert 800 < v <= 1000, v
            same(number(done), 1); same(left(done), (0, 0)); same(number(late), 3); i, v = left(late); same(i, often); assert 0.3 * often < v <= 0.5 * often, v
            i, v = left(far); same(i, 0); assert 800 < v <= 1000, v
            assert fcntl.fcntl(idle, fcntl.F_GETFL) & os.O_NONBLOCK; same([ready(x) for x in (idle, long, done, late, far)], [False] * 5)
        """);

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void ATimeOfDayStaysWhatItIs(bool newPidNamespace) => Survives(newPidNamespace, """
            t = libc.timerfd_create(0, 0); at = int(time.time()) + 5000; arm(t, 1, 0, at); before = info(t)
            wait()
            same(info(t), before); due(t, at)
        """);

    /// <summary>Numbers that were closed, that mean another file now, or even the instance; and an instance that watches another.</summary>
    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void WhatIsWatchedUnderWhichNumber(bool newPidNamespace) => Survives(newPidNamespace, """
            ep = select.epoll(); r, w = os.pipe(); e = libc.eventfd(0, 0); f = libc.eventfd(0, 0); outer = select.epoll()
            ep.register(r, select.EPOLLIN); os.dup2(e, 300); ep.register(300, select.EPOLLIN | select.EPOLLONESHOT); os.close(300)
            os.dup2(e, 301); ep.register(301, select.EPOLLIN); os.dup2(f, 301); ep.register(301, select.EPOLLIN | select.EPOLLET)
            os.dup2(e, 302); ep.register(302, select.EPOLLIN); os.dup2(ep.fileno(), 302); outer.register(ep.fileno(), select.EPOLLIN)
            lines = lambda x: sorted(' '.join(l.split()[:6]) for l in open('/proc/self/fdinfo/%d' % x.fileno()) if l.startswith('tfd'))
            before = lines(ep), lines(outer); same(len(before[0]), 5)
            wait()
            same((lines(ep), lines(outer)), before); same(ep.poll(0), []); same(outer.poll(0), [])
            os.write(w, b'x'); same(ep.poll(0), [(r, 1)]); same(outer.poll(0), [(ep.fileno(), 1)]); os.read(r, 1)
            os.write(f, struct.pack('Q', 1)); same(ep.poll(0), [(301, 1)]); same(ep.poll(0), [])
            os.write(e, struct.pack('Q', 1)); same(sorted(ep.poll(0)), [(300, 1), (301, 1), (302, 1)]); same(sorted(ep.poll(0)), [(301, 1), (302, 1)])
            ep.unregister(r); same(len(lines(ep)), 4)
        """);

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void HowDevicesArePolled(bool newPidNamespace) => Survives(newPidNamespace, """
            EPIOCSPARAMS, EPIOCGPARAMS = 0x40088a01, 0x80088a02; plain = select.epoll(); tuned = select.epoll(); r, w = os.pipe(); tuned.register(r, select.EPOLLIN)
            # Linux 6.9 and CONFIG_NET_RX_BUSY_POLL; a budget of more than 64 takes CAP_NET_ADMIN.
            mine = struct.pack('IHBx', 70, 60, 1)
            try: fcntl.ioctl(tuned, EPIOCSPARAMS, mine)
            except OSError: mine = None
            wait()
            if mine: same([fcntl.ioctl(x, EPIOCGPARAMS, bytes(8)) for x in (tuned, plain)], [mine, bytes(8)])
            os.write(w, b'x'); same(tuned.poll(0), [(r, 1)])
        """);

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void SignalsAreTakenByTheRightDescriptor(bool newPidNamespace) => Survives(newPidNamespace, """
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2, signal.SIGHUP])
            mask = lambda *s: struct.pack('Q', sum(1 << (x - 1) for x in s))
            one = libc.signalfd(-1, mask(signal.SIGUSR2), os.O_NONBLOCK); two = libc.signalfd(-1, mask(signal.SIGHUP, 40), os.O_CLOEXEC)
            os.kill(os.getpid(), signal.SIGHUP); before = [info(x) for x in (one, two)]
            wait()
            same([info(x) for x in (one, two)], before); same((ready(one), ready(two)), (False, True))
            same(struct.unpack('I', os.read(two, 128)[:4])[0], signal.SIGHUP); same(ready(two), False)
            os.kill(os.getpid(), signal.SIGUSR2); same(struct.unpack('I', os.read(one, 128)[:4])[0], signal.SIGUSR2)
            try: os.read(one, 128); assert False
            except BlockingIOError: pass
        """);

    /// <summary>A signalfd that an epoll instance watches wakes it for the signals of the task that added it, a child here. It waits without
    /// a limit: whatever the checkpoint takes, and a signal that does not wake it leaves the program waiting.</summary>
    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void AChildWaitsForItsSignalsWithEpoll(bool newPidNamespace) => Survives(newPidNamespace, """
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2]); r, w = os.pipe(); back, told = os.pipe(); child = os.fork()
            if child == 0:
                ep = select.epoll(); s = libc.signalfd(-1, struct.pack('Q', 1 << signal.SIGUSR2 - 1), 0); os.dup2(s, 70)
                ep.register(70, select.EPOLLIN); os.close(70); os.dup2(r, 70); ep.register(s, select.EPOLLIN | select.EPOLLET); ep.register(r, select.EPOLLIN)
                os.write(told, b'r'); seen = set()
                while len(seen) < 2: seen.update(f for f, _ in ep.poll()) # The signal makes one ready after the other.
                os.write(told, b'2' if seen == {s, 70} else b'x'); os.read(s, 128); os.write(told, str(len(ep.poll())).encode()); os.read(70, 1)
                os._exit(0 if os.get_inheritable(70) else 3)     # what stands at that number now is as it was
            same(os.read(back, 1), b'r')
            wait()
            same(select.select([back], [], [], 0.2)[0], []); os.kill(child, signal.SIGUSR2); same(os.read(back, 1), b'2')
            same(select.select([back], [], [], 0.2)[0], []); os.write(w, b'x'); same(os.read(back, 1), b'1'); same(os.wait(), (child, 0))
        """);
}
