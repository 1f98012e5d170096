using CrCore.Kernel;
using Xunit;

namespace CrProperty.Kernel;

public class ProcFdTest
{
    [FactWith("python3")]
    public void Descriptors_targets_and_offsets_are_what_the_program_opened()
    {
        using var file = new TemporaryFile();
        using var child = OwnChild.Python($$"""
            import fcntl, os, sys
            fd = os.open({{System.Text.Json.JsonSerializer.Serialize(file.Path)}}, os.O_RDWR | os.O_APPEND)
            os.write(fd, b'12345')
            fcntl.lockf(fd, fcntl.LOCK_EX)
            high = fcntl.fcntl(fd, fcntl.F_DUPFD, 5000)
            r, w = os.pipe()
            print('ready', flush=True)
            print(fd, high, r, w, os.fstat(fd).st_ino, os.fstat(r).st_ino, flush=True)
            sys.stdin.read()
            """);
        var n = child.Output.ReadLine()!.Split(' ').Select(int.Parse).ToArray();
        using var reader = new ProcReader();
        List<int> descriptors = [];

        Assert.True(ProcFd.TryList(reader, child.Pid, descriptors));
        Assert.Equal(Directory.EnumerateFiles($"/proc/{child.Pid}/fd").Select(f => int.Parse(Path.GetFileName(f))).Order(), descriptors);
        Assert.Superset(new HashSet<int> { 0, 1, 2, n[0], n[1], n[2], n[3] }, descriptors.ToHashSet());

        Assert.True(ProcFd.TryReadTarget(reader, child.Pid, n[0], out var target));
        Assert.Equal(file.Path, target);
        Assert.True(ProcFd.TryReadTarget(reader, child.Pid, n[2], out target));
        Assert.Equal($"pipe:[{n[5]}]", target);
        Assert.False(ProcFd.TryReadTarget(reader, child.Pid, 4999, out _));

        Assert.True(ProcFd.TryReadInfo(reader, child.Pid, n[0], out var info, out var rest));
        Assert.StartsWith("lock:\t1: POSIX  ADVISORY  WRITE", System.Text.Encoding.UTF8.GetString(rest));
        const uint readWrite = 2, append = 0x400, largeFile = 0x8000;
        Assert.Equal((5, (ulong)n[4], true), (info.Position, info.Inode, info.CloseOnExec));
        Assert.Equal(readWrite | append, info.Flags & (3 | append) & ~largeFile);
        Assert.True(ProcFd.TryReadInfo(reader, child.Pid, n[1], out info, out _));
        Assert.False(info.CloseOnExec);
        Assert.True(info.MountId > 0);
        Assert.False(ProcFd.TryReadInfo(reader, child.Pid, 4999, out _, out _));
    }

    [Fact]
    public void Lines_of_the_kind_itself_are_left_as_they_are()
    {
        Assert.True(FdInfo.TryParse("pos:\t-1\nflags:\t02000002\nmnt_id:\t15\nino:\t1058\neventfd-count:                2\n"u8, out var info, out var rest));

        Assert.Equal(new FdInfo(-1, 0x80002, 15, 1058), info);
        Assert.Equal("eventfd-count:                2\n"u8, rest);
        Assert.False(FdInfo.TryParse("pos:\t0\nflags:\t9\nmnt_id:\t15\n"u8, out _, out _));
        Assert.False(FdInfo.TryParse("pos:\t0\n"u8, out _, out _));
    }
}
