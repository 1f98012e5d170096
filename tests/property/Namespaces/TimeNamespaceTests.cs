using CrCore;
using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Namespaces;
using CrCore.Restore;
using CrFuzz;
using CrProperty.Kernel;
using CrProperty.Objects;
using CrProperty.Objects.Files;
using FsCheck.Xunit;
using Xunit;

namespace CrProperty.Namespaces;

/// <summary>Clocks of time namespaces go on from where they were.</summary>
public class TimeNamespaceTests
{
    private const string What = "time namespaces", Try = """
        assert libc.unshare(0x80) == 0, os.strerror(ctypes.get_errno())
        open('/proc/self/timens_offsets', 'w').write('monotonic 100 0\nboottime 100 0\n')
        """;

    // The root is the child of a process that made the namespace, and that stays outside of the tree.
    private const string Inside = """
            libc = ctypes.CDLL(None, use_errno=True); clocks = (time.CLOCK_MONOTONIC, time.CLOCK_BOOTTIME); now = lambda: [time.clock_gettime(c) for c in clocks]
            def enter(offset):
                assert libc.unshare(0x80) == 0
                open('/proc/self/timens_offsets', 'w').write('monotonic %d 250000000\nboottime %d 0\n' % (offset, offset + 50))
            def offsets(pid='self'): return [float(l.split()[1]) + float(l.split()[2]) / 1e9 for l in open('/proc/%s/timens_offsets' % pid)]
            # Forwards, and by no more than it all took.
            def goes_on(before, after): assert all(0 <= b - a < 120 for a, b in zip(before, after)), (before, after)

        """;

    [FactTried(What, Try)]
    public void ATaskThatMadeOneForItsChildren()
    {
        using var program = new SelfCheckingProgram(Inside + """
            outside = now(); enter(5000); before = now(); same(os.readlink('/proc/self/ns/time') == os.readlink('/proc/self/ns/time_for_children'), False)
            childs = [a + b for a, b in zip(now(), offsets())]
            wait()
            goes_on(before, now()); same(os.readlink('/proc/self/ns/time') == os.readlink('/proc/self/ns/time_for_children'), False)
            r, w = os.pipe(); child = os.fork()
            if child == 0:
                os.write(w, repr(now()).encode()); os._exit(0)
            os.waitpid(child, 0); goes_on(childs, eval(os.read(r, 200)))
        """);
        Assert.Equal("ok", program.Journey());
    }

    /// <summary>As container managers nest them: the time namespace belongs to the machine's user namespace, or to the tree's own.</summary>
    [TheoryTried(What, Try)]
    [InlineData("-pfmuinU -r --mount-proc", "unshare -T --monotonic 100000 --boottime 100000 -f")]
    [InlineData("-pfmuinUT -r --mount-proc --monotonic 100000 --boottime 100000", "")]
    public void OneBesideAUserNamespace(string unshare, string before)
    {
        using var tree = new ContainedTree(unshare, """
            looked = look
            def look():
                d = looked()
                d['clock'] = 100000 <= time.clock_gettime(time.CLOCK_MONOTONIC) - started < 100600
                return d
            started = float(open('/proc/uptime').read().split()[0]) - 100000

            """, become: before);
        tree.Checkpoint(stop: true);
        var restored = tree.Restore();
        tree.Say("go");
        Assert.Contains("\"clock\": true", tree.Before.GetRawText(), StringComparison.Ordinal);
        Assert.Equal(tree.Before.GetRawText(), tree.Hear("after").GetRawText());
        ProcNamespaces.TryRead(new ProcReader(), restored.Root.Pid, NamespaceKind.User, out var theirs);
        Assert.Equal(before.Length == 0, ProcNamespaces.OwnerOf(restored.Root.Pid, NamespaceKind.Time) == theirs);
    }

    [TheoryTried(What, Try), InlineData(false), InlineData(true)]
    public void ATreeInOneOfItsOwn(bool newPidNamespace)
    {
        // The one that is started goes on as the tree's root's parent and waits for it.
        using var program = new SelfCheckingProgram(Inside + """
            enter(7000); root = os.fork()
            if root:
                said('root', str(root)); wait(); os.kill(root, signal.SIGKILL); os.waitpid(root, 0); said('result', 'outside'); os._exit(0)
            os.setsid(); late = libc.timerfd_create(1, 0); clock = now()
            assert libc.timerfd_settime(late, 1, struct.pack('4q', 0, 0, int(clock[0]) + 1000, 0), None) == 0
            child = os.fork()
            if child == 0:
                signal.sigwait([signal.SIGUSR1]); goes_on(clock, now()); os._exit(7)
            said('inside', 'yes'); signal.sigwait([signal.SIGUSR1])
            goes_on(clock, now()); b = ctypes.create_string_buffer(32); libc.timerfd_gettime(late, b)
            assert 800 < struct.unpack('4q', b.raw)[2] <= 1000
            os.kill(child, signal.SIGUSR1); same(os.waitpid(child, 0)[1], 7 << 8)
            said('checked', 'ok')
        """);
        Wait(() => File.Exists(Path.Combine(program.Folder, "inside")));
        var root = int.Parse(File.ReadAllText(Path.Combine(program.Folder, "root")), System.Globalization.CultureInfo.InvariantCulture);
        new TreeCheckpoint(new() { Stop = true }).Run(root, program.Image);
        using var proc = new ProcReader();
        Wait(() => !ProcStat.TryRead(proc, root, out var stat) || stat.IsZombie);
        // Its parent waits for it, so that its number is free.
        Assert.Equal("outside", program.CheckRunning());
        program.Restore(new() { NewPidNamespace = newPidNamespace });
        File.Delete(Path.Combine(program.Folder, "result"));
        program.Check();
        Assert.True(File.Exists(Path.Combine(program.Folder, "checked")), File.Exists(Path.Combine(program.Folder, "result")) ? File.ReadAllText(Path.Combine(program.Folder, "result")) : "no word");
    }

    /// <summary>An image of a machine that had run a million seconds longer: here that is as after another start.</summary>
    [TheoryTried(What, Try), InlineData(false), InlineData(true)]
    public void AMachineThatHasStartedSince(bool newPidNamespace)
    {
        const int ahead = 1_000_000;
        using var program = new SelfCheckingProgram(Inside + """
            import threading
            before = now(); due = int(before[0]) + 1_000_001
            slept = threading.Thread(target=lambda: libc.clock_nanosleep(1, 1, struct.pack('2q', due, 0), None)); slept.start()
            wait()
            # The second clock was left as it was.
            goes_on((before[0] + 1_000_000, before[1]), now()); slept.join(60); assert not slept.is_alive(); assert now()[0] >= due
        """);
        program.Save();
        var surgeon = new ImageSurgeon(File.ReadAllBytes(program.Image));
        var seconds = surgeon.Find(MachineClocksRecord.Id) + RecordHeader;
        File.WriteAllBytes(program.Image, surgeon.Put64(seconds, BitConverter.ToUInt64(surgeon.Bytes, seconds) + ahead).Reseal());
        var told = new TreeRestore(new() { NewPidNamespace = newPidNamespace }).Preview(program.Image).Obstacles;
        Assert.Contains(told, o => o is { Id: "CrClockBehind", Severity: ObstacleSeverity.Warning });
        var options = new RestoreOptions { NewPidNamespace = newPidNamespace, NewTimeNamespace = true };
        Assert.DoesNotContain(new TreeRestore(options).Preview(program.Image).Obstacles, o => o.Id == "CrClockBehind");
        program.Restore(options);
        Assert.Equal("ok", program.Check());
    }

    [Theory]
    [InlineData(5, 0, 5, 0, false), InlineData(5, 0, 5, 1, false), InlineData(5, 1, 5, 0, true), InlineData(5, 0, 900, 0, false), InlineData(900, 0, 5, 999_999_999, true)]
    public void AClockThatLagsBehind(long saved, long savedPart, long now, long nowPart, bool due)
        => Assert.Equal(due, new MachineClocksRecord(7, new(saved, savedPart), default).LagOf(new(now, nowPart)) is not null);

    private const int RecordHeader = 8;

    private static void Wait(Func<bool> met)
    {
        for (var i = 0; !met(); i++)
        {
            Assert.True(i < 6000, "waited in vain");
            Thread.Sleep(10);
        }
    }

    [Property]
    public void Record(bool forChildren, uint seconds, uint nanoseconds)
    {
        var record = new ClocksRecord(7, forChildren, nanoseconds % 2 == 1, new(seconds, nanoseconds % 1_000_000_000), new((long)seconds << 1, 5));
        Assert.Equal(record, RecordCode.Again(record));
        var machine = new MachineClocksRecord(7, record.Monotonic, record.Boottime);
        Assert.Equal(machine, RecordCode.Again(machine));
        Assert.Equal(record with { ForChildren = false, IsInside = false }, machine.AsOwn());
    }

    [Theory]
    [InlineData(-1, 0), InlineData(0, -1), InlineData(0, 1_000_000_000), InlineData(ClocksRecord.MostSeconds + 1, 0)]
    public void AClockThatCannotBeIsAnError(long seconds, long nanoseconds)
        => Assert.Throws<CrImageException>(() => RecordCode.Again(new ClocksRecord(7, false, false, new(seconds, nanoseconds), default)));

    [Property]
    public void Differences(int seconds, uint nanoseconds, int otherSeconds, uint otherNanoseconds)
    {
        TimeSpec a = new(seconds, nanoseconds % 1_000_000_000), b = new(otherSeconds, otherNanoseconds % 1_000_000_000);
        var difference = a.Minus(b);
        Assert.InRange(difference.Nanoseconds, 0, 999_999_999);
        Assert.Equal(a, difference.Plus(b));
    }
}
