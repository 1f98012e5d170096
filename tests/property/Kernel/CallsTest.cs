using System.Text;
using CrCore;
using CrCore.Kernel;
using Xunit;

namespace CrProperty.Kernel;

/// <summary>The doors that are system calls, each with an effect that another source sees.</summary>
public class CallsTest
{
    [FactWith("python3")]
    public void A_robust_list_is_found_from_outside()
    {
        using var child = OwnChild.Python("""
            import sys, threading
            t = threading.Thread(target=threading.Event().wait, daemon=True); t.start()
            print('ready', flush=True)
            print(t.native_id, flush=True)
            sys.stdin.read()
            """);
        var tid = int.Parse(child.Output.ReadLine()!);

        Assert.True(TaskCalls.TryGetRobustList(tid, out var head, out var length));
        Assert.True(head != 0 && length == 24);
    }

    [Fact]
    public void Scheduling_set_here_is_what_proc_shows()
    {
        using var child = OwnChild.Sleep();
        using var reader = new ProcReader();

        Assert.True(Scheduling.TryGet(child.Pid, out var attributes));
        Assert.Equal(SchedulingPolicy.Other, attributes.Policy);
        Assert.True(Scheduling.TrySet(child.Pid, new SchedulingAttributes { Policy = SchedulingPolicy.Batch, Nice = 7, Flags = SchedulingAttributes.ResetOnFork }));
        Assert.True(Scheduling.TryGetAffinity(child.Pid, out var allowed));
        var one = allowed.ToArray();
        one[0] &= 0 - one[0];
        Assert.True(Scheduling.TrySetAffinity(child.Pid, one));
        Assert.True(Scheduling.TrySetIoPriority(child.Pid, (2 << 13) | 6));

        Assert.True(ProcStat.TryRead(reader, child.Pid, out var stat));
        Assert.Equal((7, (uint)SchedulingPolicy.Batch), (stat.Nice, stat.Policy));
        Assert.True(Scheduling.TryGet(child.Pid, out attributes));
        Assert.Equal((7, SchedulingPolicy.Batch, SchedulingAttributes.ResetOnFork), (attributes.Nice, attributes.Policy, attributes.Flags & 1));
        Assert.True(Scheduling.TryGetNice(child.Pid, out var nice));
        Assert.Equal(7, nice);
        Assert.True(Scheduling.TryGetIoPriority(child.Pid, out var io));
        Assert.Equal((2 << 13) | 6, io);
        Assert.True(Scheduling.TryGetAffinity(child.Pid, out var now));
        Assert.Equal(one, now);
        Assert.True(ProcStatus.TryRead(reader, child.Pid, out var status));
        Assert.Equal(System.Numerics.BitOperations.TrailingZeroCount(one[0]).ToString(), status.AllowedCpus);
        Assert.True(Scheduling.TrySetNice(child.Pid, 9) && Scheduling.TryGetNice(child.Pid, out nice) && nice == 9);

        child.Dispose();
        Assert.False(Scheduling.TryGet(child.Pid, out _));
        Assert.False(Scheduling.TryGetAffinity(child.Pid, out _));
        Assert.False(Scheduling.TryGetNice(child.Pid, out _));
        Assert.False(Scheduling.TryGetIoPriority(child.Pid, out _));
        Assert.False(TaskCalls.TryGetRobustList(child.Pid, out _, out _));
        Assert.False(TaskCalls.TryGetLimit(child.Pid, ResourceKind.Core, out _));
    }

    [Fact]
    public void A_limit_set_from_outside_is_what_proc_shows()
    {
        using var child = OwnChild.Sleep();
        using var reader = new ProcReader();
        var limits = new RLimit64[ProcLimits.Count];

        Assert.True(TaskCalls.TrySetLimit(child.Pid, ResourceKind.OpenFiles, new RLimit64(50, 60)));

        Assert.True(ProcLimits.TryRead(reader, child.Pid, limits));
        Assert.Equal(new RLimit64(50, 60), limits[(int)ResourceKind.OpenFiles]);
    }

    [Fact]
    public void The_kernel_tells_its_name_and_its_memory()
    {
        var name = KernelInfo.Read();
        var machine = MachineInfo.Read();

        Assert.Equal(File.ReadAllText("/proc/sys/kernel/osrelease").Trim(), name.Release);
        Assert.Equal(File.ReadAllText("/proc/sys/kernel/version").Trim(), name.Version);
        Assert.Equal(File.ReadAllText("/proc/sys/kernel/hostname").Trim(), name.NodeName);
        Assert.Equal(File.ReadAllText("/proc/sys/kernel/domainname").Trim(), name.DomainName);
        Assert.Equal(("Linux", "x86_64"), (name.System, name.Machine));
        var total = File.ReadLines("/proc/meminfo").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        Assert.Equal(ulong.Parse(total) * 1024, machine.TotalMemory);
        Assert.InRange(machine.FreeMemory, 1ul, machine.TotalMemory);
    }

    [Fact]
    public void Signal_sets_and_infos_keep_their_bits()
    {
        var set = default(SignalSet).With(1).With(64);
        Assert.Equal(0x8000000000000001ul, set.Bits);
        Assert.True(set.Contains(64) && !set.Contains(2) && !set.Without(64).Contains(64));
        Assert.Throws<ArgumentOutOfRangeException>(() => set.With(65));
        Assert.Throws<ArgumentOutOfRangeException>(() => set.Contains(0));

        var info = default(SigInfo);
        for (var i = 0; i < SigInfo.Length; i++)
            info.Bytes[i] = (byte)i;
        var copy = new[] { info }[0];
        Assert.Equal(info.Bytes, copy.Bytes);
        Assert.Equal((0x03020100, 0x0b0a0908, 0x13121110, 0x1b1a1918), (copy.Signal, copy.Code, copy.Pid, copy.Status));
    }
}
