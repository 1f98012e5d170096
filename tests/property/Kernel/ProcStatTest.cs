using CrCore.Kernel;
using Xunit;

namespace CrProperty.Kernel;

public class ProcStatTest
{
    [Fact]
    public void Fields_agree_with_the_text_split_by_hand()
    {
        using var child = OwnChild.Sleep();
        using var reader = new ProcReader();

        Assert.True(ProcStat.TryRead(reader, child.Pid, out var stat));

        // "sleep" holds no blank, so the plain split is right: field n of the manual page is word n-1.
        var f = File.ReadAllText($"/proc/{child.Pid}/stat").Split(' ');
        Assert.Equal("sleep", stat.Comm.ToString());
        Assert.Equal(child.Pid, stat.Pid);
        Assert.Equal(Environment.ProcessId, stat.ParentPid);
        Assert.Equal(
            [f[3], f[4], f[5], f[6], f[7], f[8], f[17], f[18], f[19], f[21], f[22]],
            new object[] { stat.ParentPid, stat.ProcessGroup, stat.Session, stat.TtyNumber, stat.TtyProcessGroup, stat.Flags,
                stat.Priority, stat.Nice, stat.ThreadCount, stat.StartTime, stat.VirtualSize }.Select(x => x.ToString()!));
        Assert.Equal(
            [f[24], f[25], f[26], f[27], f[37], f[39], f[40]],
            new object[] { stat.ResidentLimit, stat.StartCode, stat.EndCode, stat.StartStack, stat.ExitSignal, stat.RealTimePriority, stat.Policy }
                .Select(x => x.ToString()!));
        Assert.Equal(
            [f[44], f[45], f[46], f[47], f[48], f[49], f[50], f[51].Trim()],
            new object[] { stat.StartData, stat.EndData, stat.StartBrk, stat.ArgStart, stat.ArgEnd, stat.EnvStart, stat.EnvEnd, stat.ExitCode }
                .Select(x => x.ToString()!));
        Assert.NotEqual(0ul, stat.StartStack);
    }

    [TheoryWith("python3")]
    [InlineData("a b")]
    [InlineData(") R 1 (x")]
    [InlineData("((()")]
    [InlineData("line\nfeed")]
    [InlineData("")]
    public void Comm_may_hold_anything(string name)
    {
        using var child = OwnChild.Python($$"""
            import ctypes, sys
            ctypes.CDLL(None).prctl(15, {{System.Text.Json.JsonSerializer.Serialize(name)}}.encode(), 0, 0, 0)
            print('ready', flush=True)
            sys.stdin.read()
            """);
        using var reader = new ProcReader();

        Assert.True(ProcStat.TryRead(reader, child.Pid, out var stat));

        Assert.Equal(name, stat.Comm.ToString());
        Assert.Equal(Environment.ProcessId, stat.ParentPid);
    }

    [FactWith("python3")]
    public void A_zombie_shows_its_wait_status()
    {
        using var parent = OwnChild.Python("""
            import os, sys
            pid = os.fork()
            if pid == 0: os._exit(42)
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
            print('ready', flush=True)
            print(pid, flush=True)
            sys.stdin.read()
            """);
        var pid = int.Parse(parent.Output.ReadLine()!);
        using var reader = new ProcReader();

        Assert.True(ProcStat.TryRead(reader, pid, out var stat));

        Assert.True(stat.IsZombie);
        Assert.Equal(42 << 8, stat.ExitCode);
        Assert.Equal(parent.Pid, stat.ParentPid);
        var maps = new List<MemoryMapping>();
        _ = ProcMaps.TryRead(reader, pid, maps);
        Assert.Empty(maps);
        Assert.False(ProcMountInfo.TryRead(reader, pid, new List<MountEntry>()));
        Assert.False(ProcLinks.TryRead(reader, pid, TaskLink.Executable, out _));
        Assert.False(ProcNamespaces.TryRead(reader, pid, NamespaceKind.Mount, out _));
        Assert.True(ProcStatus.TryRead(reader, pid, out var status));
        Assert.Equal((-1, 0ul), (status.Umask, status.VirtualSize));
        List<int> children = [];
        Assert.True(ProcTasks.TryListChildren(reader, parent.Pid, parent.Pid, children));
        Assert.Equal([pid], children);
    }

    [Fact]
    public void A_task_that_is_gone_is_told_apart_from_an_error()
    {
        var child = OwnChild.Sleep();
        var pid = child.Pid;
        child.Dispose();
        using var reader = new ProcReader();

        Assert.False(ProcStat.TryRead(reader, pid, out _));
        Assert.False(ProcStatus.TryRead(reader, pid, out _));
        Assert.False(ProcFd.TryList(reader, pid, []));
        Assert.False(ProcTasks.TryListThreads(reader, pid, []));
        Assert.Null(PagemapScanner.TryOpen(pid));
    }

    [Theory]
    [InlineData("")]
    [InlineData("7")]
    [InlineData("7 (x")]
    [InlineData("7 (x) ")]
    [InlineData("7 (x) S 1 2 3")]
    [InlineData("(x) S 1 2 3")]
    public void Text_in_an_unknown_form_is_refused(string text)
        => Assert.False(ProcStat.TryParse(System.Text.Encoding.UTF8.GetBytes(text), out _));
}
