using System.Text;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Objects.Threads;

namespace CrCore.Checkpoint;

/// <summary>Turns the frozen walk into frozen tasks, and writes what the image says of the tree as a whole.</summary>
internal static class TreeFacts
{
    /// <summary>Reads every stopped thread's registers and mask. The order of the walk is kept.</summary>
    public static List<FrozenTask> Read(IReadOnlyList<LiveTask> walk, TreeFreezer freezer, ProcReader proc)
    {
        var tasks = new List<FrozenTask>(walk.Count);
        var byPid = new Dictionary<int, FrozenTask>(walk.Count);
        foreach (var live in walk)
        {
            var parent = live.Parent is null ? null : byPid[live.Parent.Pid];
            var threads = new List<FrozenThread>(live.Tids.Count);
            foreach (var tid in live.Tids)
                threads.Add(Read(live, tid, freezer, proc));
            var stop = live.IsZombie ? default : freezer.Stopped[live.Tids[0]].Stop;
            var task = new FrozenTask
            {
                Pid = live.Pid,
                VPid = live.VPid,
                VPgid = live.VPgid,
                VSid = live.VSid,
                Parent = parent,
                ParentTid = live.ParentTid,
                Stat = live.Stat,
                Comm = live.Comm,
                Threads = threads,
                StopSignal = stop.IsGroupStop ? stop.StopSignal : 0,
            };
            parent?.Children.Add(task);
            byPid[live.Pid] = task;
            tasks.Add(task);
        }
        return tasks;
    }

    private static FrozenThread Read(LiveTask task, int tid, TreeFreezer freezer, ProcReader proc)
    {
        TraceCall.Check(Ptrace.GetRegisters(tid, out var registers), "Reading the registers", tid);
        TraceCall.Check(Ptrace.GetSignalMask(tid, out var mask), "Reading the signal mask", tid);
        var slept = SyscallRestart.NeedsRestartBlock(registers) ? freezer.Slept(tid, registers) : null;
        registers = FrozenRegisters.Settle(proc, new TaskDir(task.Pid, tid), registers, mask);
        // EIO before Linux 6.4: nobody can know there.
        if (Ptrace.GetUserDispatch(tid, out var dispatch) != Errno.None)
            dispatch = default;
        var vtid = task.VPid;
        if (tid != task.Pid)
        {
            if (!ProcStatus.TryRead(proc, new TaskDir(task.Pid, tid), out var status))
                throw new CrTargetException("CrTaskEnded", $"Task {tid} ended while it was frozen.") { Pid = tid };
            vtid = status.NamespacePids.Length > 0 ? status.NamespacePids[^1] : tid;
        }
        return new FrozenThread { Tid = tid, VTid = vtid, Pid = task.Pid, Registers = registers, SignalMask = mask, Slept = slept, Dispatch = dispatch };
    }

    /// <summary>HEAD, HEAD_ARCH and TREE.</summary>
    public static void WriteHead(ImageWriter writer, IReadOnlyList<FrozenTask> tasks, ProcReader proc, DateTimeOffset now, ulong requiredFeatures)
    {
        var release = System(proc, "sys/kernel/osrelease"u8);
        var number = release.Split('.', '-', '+');
        writer.WriteRecord(new HeadRecord
        {
            Major = Number(number, 0),
            Minor = Number(number, 1),
            Patch = Number(number, 2),
            Time = (ulong)now.ToUnixTimeSeconds(),
            CreatedNanoseconds = (ulong)(now - DateTimeOffset.UnixEpoch).Ticks * 100,
            Release = release,
            Version = System(proc, "sys/kernel/version"u8),
            Machine = System(proc, "sys/kernel/arch"u8),
            NodeName = System(proc, "sys/kernel/hostname"u8),
            RequiredFeatures = requiredFeatures,
            ImageId = Guid.CreateVersion7(now),
            Writer = $"CrModule {typeof(TreeFacts).Assembly.GetName().Version}",
        });
        writer.WriteRecord(new HeadArchRecord(true, true, XstateSize(tasks)));
        var pids = new TreePids[tasks.Count];
        for (var i = 0; i < pids.Length; i++)
            pids[i] = new TreePids(tasks[i].VPid, tasks[i].VPid, tasks[i].Parent?.VPid ?? 0);
        writer.WriteRecord(new TreeRecord(pids));
    }

    private static ushort XstateSize(IReadOnlyList<FrozenTask> tasks)
    {
        foreach (var t in tasks)
            if (!t.IsZombie && Ptrace.GetXstate(t.Leader.Tid, new byte[16384], out var length) == Errno.None)
                return (ushort)length;
        return 0;
    }

    private static ushort Number(string[] parts, int at) => at < parts.Length && ushort.TryParse(parts[at], out var n) ? n : (ushort)0;

    private static string System(ProcReader proc, ReadOnlySpan<byte> name) => Encoding.UTF8.GetString(proc.ReadSystem(name)).TrimEnd('\n');
}
