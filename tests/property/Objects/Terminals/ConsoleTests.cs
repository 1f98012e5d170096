using CrCore;
using CrCore.Checkpoint;
using CrCore.Objects.Terminals;
using CrProperty.Kernel;
using CrProperty.Objects.Files;
using FsCheck.Xunit;
using Xunit;

namespace CrProperty.Objects.Terminals;

/// <summary>Consoles of the machine are opened again by their names.</summary>
public class ConsoleTests
{
    // One that nobody uses, as far as can be told.
    private const string What = "a virtual console", Try = "fd = os.open('/dev/tty47', os.O_RDWR | os.O_NOCTTY); fcntl.ioctl(fd, 0x5413, bytes(8))";

    private const string Program = """
            import termios
            a = os.open('/dev/tty47', os.O_RDWR | os.O_NOCTTY); b = os.open('/dev/tty47', os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK); c = os.open('/dev/tty0', os.O_WRONLY | os.O_NOCTTY)
            m = termios.tcgetattr(a); m[3] &= ~(termios.ECHO | termios.ICANON); m[6][termios.VINTR] = b'\x07'; termios.tcsetattr(a, termios.TCSANOW, m); fcntl.ioctl(a, termios.TIOCEXCL)
            state = lambda: ([os.readlink('/proc/self/fd/%d' % x) for x in (a, b, c)], [fcntl.fcntl(x, fcntl.F_GETFL) for x in (a, b, c)], termios.tcgetattr(a), fcntl.ioctl(a, termios.TIOCGWINSZ, bytes(8)),
                struct.unpack('I', fcntl.ioctl(b, 0x80045440, bytes(4))), [fcntl.ioctl(x, 0x80045432, bytes(4)) for x in (a, b, c)])
            before = state(); same(before[2][3] & termios.ECHO, 0); same(before[4], (1,))
            wait()
            same(state(), before); os.write(a, b''); same(select.select([b], [], [], 0)[0], [])
        """;

    [TheoryTried(What, Try), InlineData(false), InlineData(true)]
    public void KeepTheirModesAndFlags(bool newPidNamespace)
    {
        using var program = new SelfCheckingProgram(Program);
        program.Save();
        var restored = program.Restore(new() { NewPidNamespace = newPidNamespace });
        Assert.Equal("ok", program.Check());
        Assert.DoesNotContain(restored.Warnings, w => w.Id == "CrConsole");
    }

    [FactTried(What, Try)]
    public void AreTheNullDeviceByChoice()
    {
        using var program = new SelfCheckingProgram("""
            a = os.open('/dev/tty47', os.O_RDWR | os.O_NOCTTY)
            wait()
            same(os.readlink('/proc/self/fd/%d' % a), '/dev/null')
        """);
        Assert.Equal("ok", program.Journey(new() { Terminal = TerminalPolicy.Null }));
    }

    [FactTried(What, Try)]
    public void ThatAProcessSwitchesAreRefused()
    {
        using var program = new SelfCheckingProgram("""
            a = os.open('/dev/tty47', os.O_RDWR | os.O_NOCTTY); mode = fcntl.ioctl(a, 0x5601, bytes(8)); fcntl.ioctl(a, 0x5602, b'\1\0\x0a\0\x0a\0\0\0')
            wait()
            fcntl.ioctl(a, 0x5602, mode)
        """);
        var obstacles = new TreeCheckpoint(new()).Preview(program.Pid).Obstacles;
        Assert.Contains(obstacles, o => o.Id == "CrConsole" && o.Severity == ObstacleSeverity.Error);
        Assert.Equal("ok", program.CheckRunning());
    }

    [Property]
    public void Record(uint device, bool isExclusive, byte mode, byte row)
    {
        var record = new ConsoleRecord(device, isExclusive, Enumerable.Repeat(mode, PtyRecord.ModesSize).ToArray(), Enumerable.Repeat(row, PtyRecord.WindowSize).ToArray());
        Assert.Equal(record, RecordCode.Again(record));
    }
}
