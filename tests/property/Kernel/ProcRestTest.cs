using System.Text;
using CrCore;
using CrCore.Kernel;
using Xunit;

namespace CrProperty.Kernel;

/// <summary>The smaller files of /proc, each against a program that set the value or against the plain text.</summary>
public class ProcRestTest
{
    private static readonly int Self = Environment.ProcessId;

    [FactWith("python3")]
    public void Values_that_a_program_set_are_read_back()
    {
        using var child = OwnChild.Python("""
            import ctypes, resource, sys
            libc = ctypes.CDLL(None)
            open('/proc/self/oom_score_adj', 'w').write('321')
            open('/proc/self/coredump_filter', 'w').write('0x7f')
            libc.personality(0x0040000)
            libc.prctl(29, 123456, 0, 0, 0)
            resource.setrlimit(resource.RLIMIT_CORE, (4096, 8192))
            resource.setrlimit(resource.RLIMIT_RTPRIO, (0, 0))
            resource.setrlimit(resource.RLIMIT_CPU, (99999, 100000))
            print('ready', flush=True)
            sys.stdin.read()
            """);
        using var reader = new ProcReader();
        var limits = new RLimit64[ProcLimits.Count];

        Assert.True(ProcValues.TryReadOomScoreAdjustment(reader, child.Pid, out var oom));
        Assert.True(ProcValues.TryReadCoreDumpFilter(reader, child.Pid, out var filter));
        Assert.True(ProcValues.TryReadPersonality(reader, child.Pid, out var personality));
        Assert.True(ProcValues.TryReadTimerSlack(reader, child.Pid, out var slack));
        Assert.True(ProcLimits.TryRead(reader, child.Pid, limits));

        Assert.Equal((321, 0x7fu, 0x40000u, 123456ul), (oom, filter, personality, slack));
        Assert.Equal(new RLimit64(4096, 8192), limits[(int)ResourceKind.Core]);
        Assert.Equal(new RLimit64(0, 0), limits[(int)ResourceKind.RealTimePriority]);
        Assert.Equal(new RLimit64(99999, 100000), limits[(int)ResourceKind.Cpu]);
        // The other way to the same numbers.
        for (var i = 0; i < ProcLimits.Count; i++)
        {
            Assert.True(TaskCalls.TryGetLimit(child.Pid, (ResourceKind)i, out var limit));
            Assert.Equal(limit, limits[i]);
        }
    }

    [Fact]
    public void Namespaces_agree_with_the_links_and_mounts_with_the_lines()
    {
        using var reader = new ProcReader();
        var inodes = new ulong[ProcNamespaces.Count];
        var mounts = new List<MountEntry>();

        Assert.True(ProcNamespaces.TryReadAll(reader, Self, inodes));
        // Other tests may mount and unmount in between: what is compared is a table that stayed the same.
        string[] lines;
        do
        {
            lines = File.ReadAllLines("/proc/self/mountinfo");
            mounts.Clear();
            Assert.True(ProcMountInfo.TryRead(reader, Self, mounts));
        }
        while (!lines.SequenceEqual(File.ReadAllLines("/proc/self/mountinfo")));

        for (var i = 0; i < ProcNamespaces.Count; i++)
        {
            var name = Encoding.UTF8.GetString(ProcNamespaces.FileName((NamespaceKind)i));
            var link = new FileInfo($"/proc/self/ns/{name}").LinkTarget;
            Assert.Equal(link ?? "none", inodes[i] == 0 ? "none" : $"{name.Split('_')[0]}:[{inodes[i]}]");
        }
        Assert.Equal(lines.Select(l => string.Join(' ', l.Split(' ').Take(3))), mounts.Select(m => $"{m.Id} {m.ParentId} {m.DeviceMajor}:{m.DeviceMinor}"));
        Assert.Contains(mounts, m => m is { MountPoint: "/proc", FileSystem: "proc", Root: "/" });
    }

    /// <summary>Where the kernel tells them by pidfds; the first look at a kind that nobody holds is another than the next.</summary>
    [FactWith("python3")]
    public void Namespaces_of_threads_are_the_same_by_their_pidfds()
    {
        using var child = OwnChild.Python("""
            import ctypes, threading
            libc = ctypes.CDLL(None)
            ready, never = threading.Barrier(4), threading.Event()
            def run(flags):
                libc.unshare(flags); ready.wait(); never.wait()
            for flags in 0, 0x4000000, 0x20000000: threading.Thread(target=run, args=(flags,), daemon=True).start()
            ready.wait(); print('ready', flush=True); input()
            """);
        using var reader = new ProcReader();
        var tids = new List<int>();
        ProcTasks.TryListThreads(reader, child.Pid, tids);
        ulong[] links = new ulong[ProcNamespaces.Count], asked = new ulong[ProcNamespaces.Count];
        Assert.Equal(4, tids.Count);
        foreach (var tid in tids.Skip(1))
        {
            Assert.True(ProcNamespaces.TryReadAll(reader, new TaskDir(child.Pid, tid), links));
            links.CopyTo(asked, 0);
            for (var i = 0; i < asked.Length; i++)
                if (!ProcNamespaces.IsOfProcess((NamespaceKind)i))
                    asked[i] = 0;
            // Older kernels than Linux 6.11 leave it to the links.
            if (!ThreadNamespaces.TryAsk(tid, asked))
                continue;
            // Of a pid namespace without a first task a link says nothing.
            if (links[(int)NamespaceKind.PidForChildren] == 0)
                Assert.NotEqual(links[(int)NamespaceKind.Pid], links[(int)NamespaceKind.PidForChildren] = asked[(int)NamespaceKind.PidForChildren]);
            Assert.Equal(links, asked);
            using (ThreadNamespaces.Hold(child.Pid))
                Assert.True(ThreadNamespaces.TryAsk(tid, asked));
            Assert.Equal(links, asked);
        }
        Assert.False(ThreadNamespaces.TryAsk(int.MaxValue, asked));
    }

    [Fact]
    public void Mounts_with_odd_names_are_read()
    {
        var mounts = new List<MountEntry>();

        Assert.True(ProcMountInfo.TryParse(
            "36 35 98:0 /a\\040b /mnt\\0111\\134 rw,noatime master:1 shared:7 - fuse.x /dev/\\043 rw,errors=continue\n"u8, mounts));
        Assert.True(ProcMountInfo.TryParse("1 0 0:1 / / rw - tmpfs  rw\n"u8, mounts));

        Assert.Equal(new MountEntry(36, 35, 98, 0, "/a b", "/mnt\t1\\", "rw,noatime", "master:1 shared:7", "fuse.x", "/dev/#", "rw,errors=continue"), mounts[0]);
        Assert.Equal(new MountEntry(1, 0, 0, 1, "/", "/", "rw", "", "tmpfs", "", "rw"), mounts[1]);
        Assert.False(ProcMountInfo.TryParse("36 35 98:0 / / rw tmpfs x rw\n"u8, mounts));
    }

    [FactWith("python3")]
    public void Timers_of_a_program_are_listed()
    {
        using var child = OwnChild.Python("""
            import ctypes, sys
            libc = ctypes.CDLL(None)
            class Event(ctypes.Structure):
                _fields_ = [('value', ctypes.c_ulong), ('signo', ctypes.c_int), ('notify', ctypes.c_int), ('pad', ctypes.c_char * 48)]
            ids = []
            for clock, event in (1, Event(0xabcdef, 34, 0)), (0, Event(7, 35, 1)):
                timer = ctypes.c_int()
                assert libc.syscall(222, clock, ctypes.byref(event), ctypes.byref(timer)) == 0
                ids.append(timer.value)
            print('ready', flush=True)
            print(*ids, flush=True)
            sys.stdin.read()
            """);
        var ids = child.Output.ReadLine()!.Split(' ').Select(int.Parse).ToArray();
        using var reader = new ProcReader();
        var timers = new List<PosixTimer>();

        Assert.True(ProcTimers.TryRead(reader, child.Pid, timers));

        timers.Sort((a, b) => a.Id.CompareTo(b.Id));
        Assert.Equal(
        [
            new PosixTimer(ids[0], 34, 0xabcdef, TimerNotify.Signal, false, child.Pid, 1),
            new PosixTimer(ids[1], 35, 7, TimerNotify.None, false, child.Pid, 0),
        ], timers);
        Assert.True(ProcTimers.TryParse("ID: 3\nsignal: 60/0000000000000000\nnotify: signal/tid.71\nClockID: -6\n"u8, timers));
        Assert.Equal(new PosixTimer(3, 60, 0, TimerNotify.Signal, true, 71, -6), timers[^1]);
        Assert.False(ProcTimers.TryParse("ID: 3\nsignal: 60/0\nnotify: signal\nClockID: 1\n"u8, timers));
        Assert.False(ProcTimers.TryParse("ID: 3\nsignal: 60/0\n"u8, timers));
    }

    [Fact]
    public void A_blocked_call_is_told_with_its_arguments()
    {
        using var child = OwnChild.Start("cat");
        using var reader = new ProcReader();
        // cat has nothing to read: it comes to rest in read(0, buffer, size), after others by which its libraries are loaded.
        while (!File.ReadAllText($"/proc/{child.Pid}/syscall").StartsWith("0 0x0 ", StringComparison.Ordinal))
            Thread.Sleep(1);
        Assert.True(ProcSyscall.TryRead(reader, child.Pid, out var call));

        Assert.True(call.IsInCall);
        Assert.Equal(0, call.Number);
        Assert.Equal(0ul, call.Arguments[0]);
        Assert.True(call.Arguments[2] >= 4096);
        Assert.NotEqual(0ul, call.InstructionPointer);
        Assert.True(ProcSyscall.TryParse("running\n"u8, out call) && call.IsRunning && !call.IsInCall);
        Assert.True(ProcSyscall.TryParse("-1 0x7ffc0 0x401000\n"u8, out call) && !call.IsRunning && !call.IsInCall);
        Assert.Equal((0x7ffc0ul, 0x401000ul), (call.StackPointer, call.InstructionPointer));
        Assert.False(ProcSyscall.TryParse("7 0x1 0x2\n"u8, out _));
    }

    [Fact]
    public void Groups_and_id_maps_agree_with_the_text()
    {
        using var reader = new ProcReader();
        var groups = new List<CgroupMembership>();
        var users = new List<IdMapRange>();
        var gids = new List<IdMapRange>();

        Assert.True(ProcCgroups.TryRead(reader, Self, groups));
        Assert.True(ProcIdMap.TryReadUsers(reader, Self, users));
        Assert.True(ProcIdMap.TryReadGroups(reader, Self, gids));
        Assert.True(ProcValues.TryReadSetGroups(reader, Self, out var allowed));

        Assert.Equal(File.ReadAllLines("/proc/self/cgroup"), groups.Select(g => $"{g.Hierarchy}:{g.Controllers}:{g.Path}"));
        Assert.Equal(Words("/proc/self/uid_map"), users.SelectMany(r => new[] { r.Inside, r.Outside, r.Length }).Select(n => n.ToString()));
        Assert.Equal(Words("/proc/self/gid_map"), gids.SelectMany(r => new[] { r.Inside, r.Outside, r.Length }).Select(n => n.ToString()));
        Assert.Equal(File.ReadAllText("/proc/self/setgroups").Trim() == "allow", allowed);
        groups.Clear();
        Assert.True(ProcCgroups.TryParse("1:name=a:/b:c\n"u8, groups));
        Assert.Equal(new CgroupMembership(1, "name=a", "/b:c"), groups[0]);
    }

    [Fact]
    public void Links_tell_where_they_lead()
    {
        using var child = OwnChild.Sleep();
        using var reader = new ProcReader();

        Assert.True(ProcLinks.TryRead(reader, child.Pid, TaskLink.Executable, out var exe));
        Assert.True(ProcLinks.TryRead(reader, child.Pid, TaskLink.WorkingDirectory, out var cwd));
        Assert.True(ProcLinks.TryRead(reader, child.Pid, TaskLink.Root, out var root));

        Assert.Equal(new FileInfo($"/proc/{child.Pid}/exe").LinkTarget, exe);
        Assert.EndsWith("sleep", exe);
        Assert.Equal(Directory.GetCurrentDirectory(), cwd);
        Assert.Equal("/", root);
        child.Dispose();
        Assert.False(ProcLinks.TryRead(reader, child.Pid, TaskLink.Executable, out _));
    }

    [Fact]
    public void Limits_of_the_system_agree_with_the_files()
    {
        using var reader = new ProcReader();

        Assert.Equal(Words("/proc/sys/kernel/pid_max")[0], SystemLimits.PidMax(reader).ToString());
        Assert.Equal(Words("/proc/sys/kernel/cap_last_cap")[0], SystemLimits.LastCapability(reader).ToString());
        Assert.Equal(Words("/proc/sys/fs/nr_open")[0], SystemLimits.OpenFilesMax(reader).ToString());
        Assert.Equal(Words("/proc/sys/vm/max_map_count")[0], SystemLimits.MappingsMax(reader).ToString());
        Assert.Equal(Words("/proc/sys/fs/pipe-max-size")[0], SystemLimits.PipeSizeMax(reader).ToString());
        Assert.InRange(SystemLimits.LastPid(reader), 1, SystemLimits.PidMax(reader));
        var e = Assert.Throws<CrKernelException>(() => { reader.ReadSystem("sys/kernel/no_such"u8); });
        Assert.Equal(("CrProcReadFailed", Errno.ENOENT, "/proc/sys/kernel/no_such"), (e.Id, e.Errno, e.Object));
    }

    [Fact]
    public void The_auxiliary_vector_knows_the_vdso_and_the_page_size()
    {
        using var reader = new ProcReader();
        var maps = new List<MemoryMapping>();
        Assert.True(ProcMaps.TryRead(reader, Self, maps));

        Assert.True(ProcAuxv.TryRead(reader, Self, out var vector));

        Assert.True(ProcAuxv.TryFind(vector, AuxKey.VdsoBase, out var vdso));
        Assert.True(ProcAuxv.TryFind(vector, AuxKey.PageSize, out var page));
        Assert.True(ProcAuxv.TryFind(vector, AuxKey.Null, out _));
        Assert.False(ProcAuxv.TryFind(vector, (AuxKey)9999, out _));
        Assert.Equal(maps.Single(m => m.Kind == MappingKind.Vdso).Start, vdso);
        Assert.Equal((ulong)Environment.SystemPageSize, page);
    }

    private static string[] Words(string path) => File.ReadAllText(path).Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
}
