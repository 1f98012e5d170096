using System.Text.Json;
using CrCore;
using CrCore.Kernel;
using Xunit;

namespace CrProperty.Kernel;

/// <summary>stat, kcmp, pidfds and descriptors of this process, each with an effect that another source sees.</summary>
public class DescriptorCallsTest
{
    private static readonly int Self = Environment.ProcessId;

    [Fact]
    public void A_pidfd_signals_waits_and_outlives_its_process()
    {
        using var child = OwnChild.Sleep();
        using var pidfd = PidFd.Open(child.Pid);

        Assert.False(pidfd.WaitForExit(0));
        Assert.True(pidfd.TrySendSignal(0));
        Assert.Equal(Errno.EINVAL, Assert.Throws<CrKernelException>(() => pidfd.TrySendSignal(65)).Errno);
        Assert.True(pidfd.TrySendSignal(9));
        while (!pidfd.WaitForExit(-1))
        {
        }
        child.Dispose();

        Assert.False(pidfd.TrySendSignal(0));
        var e = Assert.Throws<CrKernelException>(() => PidFd.Open(child.Pid));
        Assert.Equal(("CrPidFdFailed", Errno.ESRCH, (int?)child.Pid), (e.Id, e.Errno, e.Pid));
    }

    [FactWith("python3")]
    public void A_descriptor_taken_is_the_same_description()
    {
        using var file = new TemporaryFile();
        File.WriteAllText(file.Path, "0123456789");
        using var child = OwnChild.Python($"""
            import os, sys
            a = os.open({JsonSerializer.Serialize(file.Path)}, os.O_RDONLY); b = os.dup(a)
            c = os.open({JsonSerializer.Serialize(file.Path)}, os.O_RDONLY)
            print('ready', flush=True)
            print(a, b, c, flush=True)
            sys.stdin.read()
            """);
        var n = child.Output.ReadLine()!.Split(' ').Select(int.Parse).ToArray();
        using var pidfd = PidFd.Open(child.Pid);
        using var reader = new ProcReader();

        using var own = pidfd.TryGet(n[0], out var errno)!;
        Assert.Equal(Errno.None, errno);
        var bytes = new byte[4];
        Assert.Equal(4, own.Read(bytes));
        Assert.Equal("0123"u8, bytes);

        // The child's position moved with ours.
        Assert.True(ProcFd.TryReadInfo(reader, child.Pid, n[1], out var info, out _));
        Assert.Equal(4, info.Position);
        Assert.True(ProcFd.TryReadInfo(reader, child.Pid, n[2], out info, out _));
        Assert.Equal(0, info.Position);
        Assert.Equal(0, Kcmp.Compare(Self, child.Pid, KcmpType.File, own.Number, n[0]));
        Assert.Equal(0, Kcmp.Compare(child.Pid, child.Pid, KcmpType.File, n[0], n[1]));
        var order = Kcmp.Compare(child.Pid, child.Pid, KcmpType.File, n[0], n[2]);
        Assert.NotEqual(0, order);
        Assert.Equal(-order, Kcmp.Compare(child.Pid, child.Pid, KcmpType.File, n[2], n[0]));
        Assert.Equal(Errno.EBADF, Assert.Throws<CrKernelException>(() => Kcmp.Compare(Self, child.Pid, KcmpType.File, own.Number, 999)).Errno);
        Assert.Null(pidfd.TryGet(999, out errno));
        Assert.Equal(Errno.EBADF, errno);
    }

    [FactWith("python3")]
    public void Threads_share_what_processes_do_not()
    {
        using var child = OwnChild.Python("""
            import sys, threading
            t = threading.Thread(target=threading.Event().wait, daemon=True); t.start()
            print('ready', flush=True)
            print(t.native_id, flush=True)
            sys.stdin.read()
            """);
        var tid = int.Parse(child.Output.ReadLine()!);

        Assert.All([KcmpType.Vm, KcmpType.Files, KcmpType.Fs, KcmpType.SignalHandlers], type =>
        {
            Assert.True(Kcmp.Same(child.Pid, tid, type));
            Assert.False(Kcmp.Same(child.Pid, Self, type));
        });
    }

    [FactWith("python3")]
    public void Targets_of_epoll_are_recognised()
    {
        using var child = OwnChild.Python("""
            import os, select, sys
            r, w = os.pipe(); e = select.epoll(); e.register(r, select.EPOLLIN)
            print('ready', flush=True)
            print(e.fileno(), r, w, flush=True)
            sys.stdin.read()
            """);
        var n = child.Output.ReadLine()!.Split(' ').Select(int.Parse).ToArray();

        Assert.True(Kcmp.IsEpollTarget(child.Pid, n[1], child.Pid, n[0], n[1], 0));
        Assert.False(Kcmp.IsEpollTarget(child.Pid, n[2], child.Pid, n[0], n[1], 0));
        Assert.Equal(Errno.ENOENT, Assert.Throws<CrKernelException>(() => Kcmp.IsEpollTarget(child.Pid, n[1], child.Pid, n[0], n[2], 0)).Errno);
    }

    [Fact]
    public void Status_of_a_file_agrees_with_the_runtime()
    {
        using var file = new TemporaryFile();
        File.WriteAllText(file.Path, "12345");
        var when = new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc).AddTicks(1234567);
        File.SetLastWriteTimeUtc(file.Path, when);

        Assert.Equal(Errno.None, FileStatus.Read(file.Path, out var status));

        Assert.Equal((5L, true, 1ul), (status.Size, status.IsRegular, status.LinkCount));
        Assert.Equal((when - DateTime.UnixEpoch).Ticks * 100, status.ModifiedNs);
        using (var open = OwnDescriptor.Open(file.Path, FileNative.O_RDONLY, out _)!)
        {
            Assert.Equal(Errno.None, FileStatus.ReadOwn(open.Number, out var own));
            Assert.Equal(Errno.None, FileStatus.ReadDescriptor(Self, open.Number, out var through));
            Assert.Equal((status, status), (own, through));
        }
        var link = file.Path + ".link";
        File.CreateSymbolicLink(link, file.Path);
        try
        {
            Assert.True(FileStatus.Read(link, out var itself, follow: false) == Errno.None && itself.IsSymbolicLink);
            Assert.True(FileStatus.Read(link, out var target) == Errno.None && target.Inode == status.Inode);
        }
        finally
        {
            File.Delete(link);
        }
        Assert.Equal(Errno.None, FileStatus.Read("/dev/null", out var device));
        Assert.Equal((1, 3, true), (device.RawMajor, device.RawMinor, device.IsCharacterDevice));
        Assert.Equal(Errno.ENOENT, FileStatus.Read("/no/such/file", out _));
        Assert.Equal(Errno.ENOTDIR, FileStatus.Read("/dev/null/below", out _));
        Assert.Equal(Errno.ENAMETOOLONG, FileStatus.Read(new string('x', 5000), out _));
    }

    [Fact]
    public void The_device_of_a_file_is_the_one_that_its_mapping_shows()
    {
        using var child = OwnChild.Sleep();
        using var reader = new ProcReader();
        var maps = new List<MemoryMapping>();
        Assert.True(ProcMaps.TryRead(reader, child.Pid, maps));
        Assert.True(ProcLinks.TryRead(reader, child.Pid, TaskLink.Executable, out var exe));

        Assert.Equal(Errno.None, FileStatus.Read($"/proc/{child.Pid}/exe", out var status));

        var text = maps.First(m => m.Path == exe);
        Assert.Equal((text.DeviceMajor, text.DeviceMinor, text.Inode), ((uint)status.DeviceMajor, (uint)FileStatus.MinorOf(status.Device), status.Inode));
        Assert.Equal(new FileInfo(exe).Length, status.Size);
    }

    [Fact]
    public void Tee_leaves_the_bytes_in_the_pipe()
    {
        var (read, write) = OwnDescriptor.MakePipe();
        var (copyRead, copyWrite) = OwnDescriptor.MakePipe();
        using (read)
        using (write)
        using (copyRead)
        using (copyWrite)
        {
            Assert.Equal(-(int)Errno.EAGAIN, read.Tee(copyWrite, 100));
            Assert.Equal(5, write.Write("hello"u8));

            Assert.Equal(5, read.Available);
            Assert.Equal(5, read.Tee(copyWrite, 100));
            Assert.Equal(5, read.Available);
            var bytes = new byte[10];
            Assert.Equal(5, copyRead.Read(bytes));
            Assert.Equal("hello"u8, bytes.AsSpan(0, 5));
            Assert.Equal(131072, read.SetPipeSize(100_000));
            Assert.Equal(131072, write.PipeSize);
        }
    }
}
