using System.Runtime.InteropServices;
using CrCore;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Credentials;
using CrCore.Objects.Limits;
using CrCore.Objects.Numa;
using CrCore.Objects.ProcessState;
using CrCore.Objects.Scheduler;
using CrCore.Objects.Signals;
using CrCore.Objects.Threads;
using CrCore.Objects.Timers;
using FsCheck.Xunit;
using Xunit;

namespace CrProperty.Objects.State;

/// <summary>Every record of a task's state comes out of its payload as it went in.</summary>
public class StateRecordProperties
{
    [Property]
    public void Cpu(ulong[] values, byte[] xstate)
    {
        var registers = default(Registers);
        var words = MemoryMarshal.Cast<Registers, ulong>(MemoryMarshal.CreateSpan(ref registers, 1));
        for (var i = 0; i < words.Length; i++)
            words[i] = (ulong)i << 32 | (values.Length == 0 ? 0 : values[i % values.Length]);
        var record = new CpuRecord { VTid = 7, Registers = registers, Xstate = xstate };
        var again = (CpuRecord)RecordCode.Again(record);
        Assert.Equal(registers, again.Registers);
        Assert.Equal(xstate, again.Xstate.ToArray());
        Assert.Equal(7, again.VTid);
    }

    /// <summary>Other programs read the first 272 bytes by the seed's layout.</summary>
    [Fact]
    public void CpuHasTheSeedsLayout()
    {
        var payload = RecordCode.Encode(new CpuRecord
        {
            VTid = 1,
            Registers = new() { R15 = 15, Rax = 10, OrigRax = 11, Rip = 12, Rsp = 13, Ss = 14, Ds = 21, Es = 22, Fs = 23, Gs = 24, FsBase = 31, GsBase = 32 },
            Xstate = new byte[] { 1, 2, 3 },
        });
        ulong At(int offset) => BitConverter.ToUInt64(payload, offset);
        Assert.Equal((15ul, 10ul, 11ul, 12ul), (At(0), At(80), At(120), At(128)));
        Assert.Equal((13ul, 14ul, 21ul, 22ul, 23ul, 24ul), (At(152), At(160), At(168), At(176), At(184), At(192)));
        Assert.Equal((0u, 1u), (BitConverter.ToUInt32(payload, 264), BitConverter.ToUInt32(payload, 268)));
        Assert.Equal((31ul, 32ul), (At(272), At(280)));
        Assert.Equal(CpuRecord.SeedSize + 16 + 4 + 3, payload.Length);
    }

    [Property]
    public void Areas(ulong a, ulong b, ulong c, ulong d, uint e, uint f)
        => Same(new ThreadAreasRecord { VTid = 9, RobustListHead = a, RobustListLength = b, TidAddress = c, RseqAddress = d, RseqSize = e, RseqSignature = f });

    [Property]
    public void LoginUid(uint uid) => Same(new LoginUidRecord(9, uid));

    [Property]
    public void CallRest(FsCheck.NonNegativeInt seconds, FsCheck.NonNegativeInt nanoseconds)
        => Same(new CallRestRecord { VTid = 9, Rest = new(seconds.Get, nanoseconds.Get % 1_000_000_000) });

    [Property]
    public void Credentials(uint[] ids, uint[] groups, ulong set, uint bits, bool no)
    {
        uint Id(int i) => ids.Length == 0 ? 0 : ids[i % ids.Length] + (uint)i;
        var record = new CredentialsRecord
        {
            VTid = 3,
            Uid = new(Id(0), Id(1), Id(2), Id(3)),
            Gid = new(Id(4), Id(5), Id(6), Id(7)),
            Groups = groups,
            Inheritable = set,
            Permitted = set + 1,
            Effective = set + 2,
            Bounding = set + 3,
            Ambient = set + 4,
            SecureBits = bits,
            NoNewPrivileges = no,
        };
        var again = (CredentialsRecord)RecordCode.Again(record);
        Assert.Equal(groups, again.Groups);
        Assert.Equal(record, again with { Groups = record.Groups });
    }

    [Property]
    public void SignalActions(byte[] signals, ulong handler, ulong flags, ulong restorer, ulong mask)
    {
        var actions = signals.Select(s => s % 64 + 1).Distinct().Order()
            .Select(s => new SavedSignalAction(s, new(handler + (ulong)s, flags, restorer, mask))).ToArray();
        Assert.Equal(actions, ((SignalActionsRecord)RecordCode.Again(new SignalActionsRecord(5, actions))).Actions);
    }

    [Property]
    public void ThreadSignals(ulong mask, ulong address, ulong size, uint flags)
        => Same(new ThreadSignalsRecord { VTid = 2, Mask = mask, StackAddress = address, StackSize = size, StackFlags = flags });

    [Property]
    public void PendingSignals(byte[] signals)
    {
        var infos = new byte[signals.Length * SigInfo.Length];
        for (var i = 0; i < signals.Length; i++)
        {
            infos.AsSpan(i * SigInfo.Length, SigInfo.Length).Fill((byte)i);
            MemoryMarshal.Write(infos.AsSpan(i * SigInfo.Length), signals[i] % 64 + 1);
        }
        Assert.Equal(infos, ((PendingSignalsRecord)RecordCode.Again(new PendingSignalsRecord(5, infos))).Infos.ToArray());
    }

    [Property]
    public void Timers(uint seconds, uint part, int signal, ulong value)
    {
        var micro = new IntervalTimer(new(seconds, part % 1_000_000), new(part, seconds % 1_000_000));
        Same(new IntervalTimersRecord(1, micro, default, micro));
        var nano = new TimerSpec(new(seconds, part % 1_000_000_000), new(part, seconds % 1_000_000_000));
        var timers = Enumerable.Range(0, (int)(part % 5)).Select(i => new SavedPosixTimer
        {
            Id = i * 3, ClockId = -i, Notify = 4, Signal = signal, Value = value, TargetVTid = i, Time = nano,
        }).ToArray();
        Assert.Equal(timers, ((PosixTimersRecord)RecordCode.Again(new PosixTimersRecord(1, timers))).Timers);
    }

    [Property]
    public void Process(uint a, int b, bool c, uint d, uint e, uint f, uint g)
        => Same(new ProcessRecord
        {
            VPid = 1, Dumpable = a, OomScoreAdjustment = b, IsChildSubreaper = c, ThpDisable = d, MemoryDenyWriteExecute = e, MembarrierRegistrations = f, CoreDumpFilter = g,
        });

    [Property]
    public void ThreadSettings(uint a, uint b, uint c, uint d, uint e, uint f)
        => Same(new ThreadSettingsRecord
        {
            VTid = 1, Name = $"n{a % 1000}", ParentDeathSignal = a, Personality = b, TimeStampCounter = c, MachineCheckKill = d, StoreBypass = e, IndirectBranch = f, L1dFlush = a,
        });

    [Property]
    public void Modes(bool a, uint b, ulong c)
    {
        Same(new TaskModesRecord(1, a, b, c));
        Same(new ThreadModesRecord(1, a, b % 2 == 1));
        Same(new AutogroupRecord(1, (int)(b % 40) - 20));
    }

    [Property]
    public void MemoryPolicies(uint mode, ulong[] nodes, ushort[] places)
    {
        var policy = new MemoryPolicy(mode, nodes.Length > MemoryPolicy.MaxWords ? nodes[..MemoryPolicy.MaxWords] : nodes);
        Same(new ThreadPolicyRecord(1, policy));
        var mappings = places.Order().Distinct().Select(p => new MappingPolicy((ulong)p << 12, (ulong)(p + 1) << 12, policy)).ToArray();
        Assert.Equal(mappings, ((MappingPoliciesRecord)RecordCode.Again(new MappingPoliciesRecord(1, mappings))).Policies);
    }

    [Fact]
    public void PoliciesDoNotOverlap()
    {
        var one = new MappingPolicy(0x1000, 0x3000, new(2, [1]));
        Assert.Throws<CrImageException>(() => RecordCode.Again(new MappingPoliciesRecord(1, [one, one with { Start = 0x2000, End = 0x4000 }])));
    }

    [Property]
    public void Scheduling(uint a, int b, ulong c, ulong[] words)
    {
        var record = new SchedulingRecord
        {
            VTid = 1, Policy = (SchedulingPolicy)a, Flags = c, Nice = b, Priority = a, Runtime = c, Deadline = c + 1, Period = c + 2, IoPriority = b, TimerSlack = c, Processors = words,
        };
        var again = (SchedulingRecord)RecordCode.Again(record);
        Assert.Equal(words, again.Processors);
        Assert.Equal(record, again with { Processors = record.Processors });
    }

    [Property]
    public void Limits(ulong[] values)
    {
        var limits = new RLimit64[ProcLimits.Count];
        for (var i = 0; i < limits.Length; i++)
        {
            var (a, b) = values.Length == 0 ? (0ul, RLimit64.Infinity) : (values[i % values.Length], values[(i + 1) % values.Length]);
            limits[i] = new(Math.Min(a, b), Math.Max(a, b));
        }
        Assert.Equal(limits, ((LimitsRecord)RecordCode.Again(new LimitsRecord(1, limits))).Limits);
        limits[3] = new(2, 1);
        Assert.Throws<CrImageException>(() => RecordCode.Again(new LimitsRecord(1, limits)));
    }

    private static void Same<T>(T record) where T : ICrRecord => Assert.Equal(record, (T)RecordCode.Again(record));
}
