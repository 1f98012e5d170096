using CrCore;
using CrCore.Checkpoint;
using CrProperty.Kernel;
using Xunit;

namespace CrProperty.Objects.Files;

/// <summary>Devices that are opened again by their names, and those that are not.</summary>
public class DeviceTests
{
    // A loop device of the test's own, which goes with its last user (LO_FLAGS_AUTOCLEAR).
    private const string Loop = """
        def loop(path):
            c = os.open('/dev/loop-control', os.O_RDWR)
            for i in range(20):
                n = fcntl.ioctl(c, 0x4c82); fd = os.open('/dev/loop%d' % n, os.O_RDWR); f = os.open(path, os.O_RDWR | os.O_CREAT, 0o600); os.ftruncate(f, 1 << 20)
                try: fcntl.ioctl(fd, 0x4c0a, struct.pack('II', f, 0) + struct.pack('QQQQQIIII', 0, 0, 0, 0, 0, 0, 0, 0, 4).ljust(296, b'\0'))
                except OSError: os.close(fd); os.close(f); continue
                os.close(f); return c, fd
            raise OSError('no loop device')
        """;

    private const string What = "loop devices", Try = Loop + "\nc, fd = loop('/proc/self/fd/%d' % os.memfd_create('disk'))\nos.open('/dev/loop-control', os.O_RDWR)";

    private static string Indented => "    " + Loop.Replace("\n", "\n    ") + "\n";

    [FactTried(What, Try)]
    public void BlockAndControlDevices()
    {
        // The shell has the device, so that it stays while the tree is away.
        using var keeper = new SelfCheckingProgram(Indented + """
            c, fd = loop(d + '/disk'); os.lseek(fd, 4096, 0); os.write(fd, b'there')
            said('name', os.readlink('/proc/self/fd/%d' % fd)); wait()
            os.lseek(fd, 8192, 0); same(os.read(fd, 4), b'more')
        """);
        var name = File.ReadAllText(Path.Combine(keeper.Folder, "name"));
        using var program = new SelfCheckingProgram($"""
            c = os.open('/dev/loop-control', os.O_RDWR); fd = os.open('{name}', os.O_RDWR); r = os.open('{name}', os.O_RDONLY); os.lseek(fd, 8192, 0); os.lseek(r, 4098, 0)
            wait()
            same([os.readlink('/proc/self/fd/%d' % x) for x in (c, fd, r)], ['/dev/loop-control', '{name}', '{name}']); same(os.read(r, 3), b'ere'); os.write(fd, b'more'); os.fsync(fd); fcntl.ioctl(c, 0x4c82)
        """);
        Assert.Equal("ok", program.Journey());
        Assert.Equal("ok", keeper.CheckRunning());
    }

    [FactTried(What, Try)]
    public void ABlockDeviceThatSomebodyHasToHimselfIsRefused()
    {
        using var program = new SelfCheckingProgram(Indented + """
            c, fd = loop(d + '/disk'); mine = os.open(os.readlink('/proc/self/fd/%d' % fd), os.O_RDONLY | os.O_EXCL)
            wait()
        """);
        var obstacles = new TreeCheckpoint(new()).Preview(program.Pid).Obstacles;
        Assert.Contains(obstacles, o => o.Id == "CrBlockDeviceBusy" && o.Severity == ObstacleSeverity.Error);
        Assert.Equal("ok", program.CheckRunning());
    }

    [FactTried("/dev/kmsg", "os.open('/dev/kmsg', os.O_WRONLY); os.open('/dev/kmsg', os.O_RDONLY)")]
    public void TheKernelsLog()
    {
        using var writer = new SelfCheckingProgram("""
            fd = os.open('/dev/kmsg', os.O_WRONLY | os.O_APPEND)
            wait()
            same(os.readlink('/proc/self/fd/%d' % fd), '/dev/kmsg'); same(fcntl.fcntl(fd, fcntl.F_GETFL) & (3 | os.O_APPEND), os.O_WRONLY | os.O_APPEND)
        """);
        Assert.Equal("ok", writer.Journey());
        using var reader = new SelfCheckingProgram("""
            fd = os.open('/dev/kmsg', os.O_RDONLY)
            wait()
        """);
        Assert.True(new TreeCheckpoint(new()).Preview(reader.Pid).Obstacles.HasError());
        Assert.Equal("ok", reader.CheckRunning());
    }
}
