using System.Diagnostics;
using CrCore.Kernel;
using Xunit;

namespace CrProperty.Kernel;

public class ProcStatusTest
{
    [FactWith("python3")]
    public void What_a_program_set_is_read_back()
    {
        using var child = OwnChild.Python("""
            import ctypes, os, signal, sys, threading
            os.umask(0o137)
            if os.geteuid() == 0: os.setgroups([3, 1, 2])
            signal.signal(signal.SIGUSR1, signal.SIG_IGN)
            signal.signal(signal.SIGUSR2, lambda *a: None)
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP, 64])
            os.kill(os.getpid(), signal.SIGHUP)
            signal.pthread_kill(threading.get_ident(), 64)
            ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)
            ctypes.CDLL(None).prctl(41, 1, 0, 0, 0)
            print('ready', flush=True)
            print(os.getuid(), os.getgid(), *sorted(os.getgroups()), flush=True)
            sys.stdin.read()
            """);
        var ids = child.Output.ReadLine()!.Split(' ').Select(uint.Parse).ToArray();
        using var reader = new ProcReader();

        Assert.True(ProcStatus.TryRead(reader, child.Pid, out var s));

        Assert.Equal(child.Pid, s.Pid);
        Assert.Equal(child.Pid, s.Tgid);
        Assert.Equal(Environment.ProcessId, s.ParentPid);
        Assert.Equal(Convert.ToInt32("137", 8), s.Umask);
        Assert.Equal(new IdSet(ids[0], ids[0], ids[0], ids[0]), s.Uid);
        Assert.Equal(new IdSet(ids[1], ids[1], ids[1], ids[1]), s.Gid);
        Assert.Equal(ids[2..], s.Groups);
        Assert.Equal(Bit(1), s.SharedPendingSignals);
        Assert.Equal(Bit(64), s.PendingSignals);
        Assert.Equal(Bit(1) | Bit(64), s.BlockedSignals);
        Assert.True((s.IgnoredSignals & Bit(10)) != 0);
        Assert.True((s.CaughtSignals & Bit(12)) != 0);
        Assert.True(s.QueuedSignals >= 2 && s.QueuedSignalLimit > 0);
        Assert.True(s.NoNewPrivileges);
        Assert.False(s.TransparentHugePages);
        Assert.Equal(0, s.SeccompMode);
        Assert.Equal(0, s.TracerPid);
        Assert.Equal(1, s.ThreadCount);
        Assert.Equal(child.Pid, s.NamespacePids[^1]);
        Assert.True(s.VirtualSize > s.ResidentSize && s.ResidentSize > 0);
    }

    [Fact]
    public void Capabilities_and_processors_agree_with_the_text()
    {
        using var reader = new ProcReader();

        // While another test writes an image this process ignores one more signal: both looks have to fall on the same side.
        ProcStatus? s;
        Dictionary<string, string> lines;
        var patience = Stopwatch.StartNew();
        do
        {
            Assert.True(ProcStatus.TryRead(reader, Environment.ProcessId, out s));
            lines = File.ReadAllLines("/proc/self/status").Select(l => l.Split(':', 2)).ToDictionary(l => l[0], l => l[1].Trim());
        }
        while (lines["SigIgn"] != s.IgnoredSignals.ToString("x16") && patience.Elapsed < TimeSpan.FromSeconds(30));
        Assert.Equal(lines["CapInh"], s.InheritableCapabilities.ToString("x16"));
        Assert.Equal(lines["CapPrm"], s.PermittedCapabilities.ToString("x16"));
        Assert.Equal(lines["CapEff"], s.EffectiveCapabilities.ToString("x16"));
        Assert.Equal(lines["CapBnd"], s.BoundingCapabilities.ToString("x16"));
        Assert.Equal(lines["CapAmb"], s.AmbientCapabilities.ToString("x16"));
        Assert.Equal(lines["Cpus_allowed_list"], s.AllowedCpus);
        Assert.Equal(lines["Mems_allowed_list"], s.AllowedMemoryNodes);
        Assert.Equal(lines["SigCgt"], s.CaughtSignals.ToString("x16"));
        Assert.Equal(lines["SigIgn"], s.IgnoredSignals.ToString("x16"));
    }

    [Fact]
    public void Nested_namespaces_list_ids_from_the_outside_in()
    {
        var s = ProcStatus.Parse("Tgid:\t70\nPid:\t71\nNStgid:\t70\t7\t1\nNSpid:\t71\t8\t2\nNSpgid:\t0\t0\t0\nNSsid:\t70\t7\t1\nGroups:\t4294967294 \n"u8);

        Assert.NotNull(s);
        Assert.Equal([70, 7, 1], s.NamespaceTgids);
        Assert.Equal([71, 8, 2], s.NamespacePids);
        Assert.Equal([0, 0, 0], s.NamespaceProcessGroups);
        Assert.Equal([4294967294u], s.Groups);
        Assert.Equal(-1, s.Umask);
        Assert.Null(s.TransparentHugePages);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Pid\t7\n")]
    [InlineData("Pid:\tseven\n")]
    [InlineData("Pid:\t7\nUid:\t1\t2\t3\n")]
    public void Text_in_an_unknown_form_is_refused(string text)
        => Assert.Null(ProcStatus.Parse(System.Text.Encoding.UTF8.GetBytes(text)));

    private static ulong Bit(int signal) => 1ul << (signal - 1);
}
