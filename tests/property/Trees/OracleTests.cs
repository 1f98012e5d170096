using System.Diagnostics;
using CrHarness.Kernel;
using CrHarness.Oracle;
using CrHarness.Plans;
using CrHarness.Spawning;
using CrProperty.Kernel;
using Xunit;

namespace CrProperty.Trees;

/// <summary>The oracle sees what is done to a live tree from outside, names exactly that, and nothing when nothing is done.</summary>
[Collection(LiveTrees.Name)]
public sealed class OracleTests(TreeFixture fixture)
{
    private static readonly TreePlan Plan = new()
    {
        Tasks =
        [
            new TaskPlan
            {
                Comm = "root", NewSession = true,
                Memory = [new RegionPlan { Pages = 8, Seed = 1 }, new RegionPlan { Kind = RegionKind.MemfdShared, Pages = 4, Seed = 2, KeepFd = true }],
                Files = [new FilePlan { Size = 100, Offset = 10, Access = FileAccessKind.ReadWrite, Duplicates = 1 }],
                Pipes = [new PipePlan { Bytes = 64, Nonblock = true }],
                Sockets = [new SocketPlan { Bytes = 64, Carries = true }],
                Handles = [new HandlePlan { Kind = HandleKind.Counter, Count = 5 }],
            },
            new TaskPlan { Comm = "child", Group = 1, Blocked = ulong.MaxValue, Threads = [new ThreadPlan { Name = "worker", Blocked = ulong.MaxValue }] },
            new TaskPlan { Comm = "dead", Ending = new EndingPlan(7) },
        ],
    };

    private static Snapshot Take(SpawnedTree tree)
    {
        Quiet.Await(tree.RootPid, tree.Restless, TimeSpan.FromSeconds(20));
        return Snapshot.Take(tree.RootPid);
    }

    private static int Pid(Snapshot snapshot, string comm) => snapshot.Tasks.Single(t => t.Comm == comm).Pid;

    private IReadOnlyList<string> Differences(Action<SpawnedTree, Snapshot> change)
    {
        using var tree = fixture.Spawner.Spawn(Plan);
        var before = Take(tree);
        change(tree, before);
        return Snapshot.Diff(before, Take(tree));
    }

    [Fact]
    public void NothingDoneNothingSeen() => Assert.Empty(Differences((_, _) => { }));

    [Fact]
    public void OneBytePokedIntoMemoryIsOnePage()
    {
        var differences = Differences((_, snapshot) =>
        {
            var map = snapshot.Facts.First(f => f.Name == "is" && f.Value.StartsWith("rw-p anonymous", StringComparison.Ordinal) && f.Subject.StartsWith("task 2 ", StringComparison.Ordinal));
            var start = Convert.ToInt64(map.Subject[(map.Subject.LastIndexOf(' ') + 1)..map.Subject.IndexOf('-')], 16);
            using var memory = File.OpenHandle($"/proc/{Pid(snapshot, "root")}/mem", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            var one = new byte[1];
            RandomAccess.Read(memory, one, start);
            one[0]++;
            RandomAccess.Write(memory, one, start);
        });
        Assert.Contains("1 pages differ", Assert.Single(differences), StringComparison.Ordinal);
    }

    /// <summary>Writing what is there already changes nothing but whose page it is.</summary>
    [RootFact]
    public void PagesThatAreNotTheParentsAnyMoreAreMissed()
    {
        var differences = Differences((_, snapshot) =>
        {
            var child = snapshot.Tasks.Single(t => t.Comm == "child");
            var start = $"task {child.VPid} map ";
            using var memory = File.OpenHandle($"/proc/{child.Pid}/mem", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            var page = new byte[4096];
            foreach (var fact in snapshot.Facts.Where(f => f.Name == "is" && f.Value.StartsWith("rw-p ", StringComparison.Ordinal) && f.Subject.StartsWith(start, StringComparison.Ordinal)))
            {
                var ends = fact.Subject[start.Length..].Split('-');
                for (long at = Convert.ToInt64(ends[0], 16), end = Convert.ToInt64(ends[1], 16); at < end; at += page.Length)
                    if (snapshot.Pages[fact.Subject].ContainsKey((ulong)at))
                    {
                        Assert.Equal(page.Length, RandomAccess.Read(memory, page, at));
                        RandomAccess.Write(memory, page, at);
                    }
            }
        });
        Assert.Contains("pages were its parent's, too", Assert.Single(differences), StringComparison.Ordinal);
    }

    [Fact]
    public void AByteInSharedMemoryIsSeenOnceForAll()
    {
        var differences = Differences((tree, snapshot) =>
        {
            var fd = snapshot.Facts.First(f => f.Name == "target" && f.Value.StartsWith("/memfd:", StringComparison.Ordinal)).Subject.Split(' ')[^1];
            File.WriteAllBytes($"/proc/{tree.RootPid}/fd/{fd}", [0xee]); // opens with O_TRUNC: the object's length changes
        });
        Assert.Contains(differences, d => d.StartsWith("object #", StringComparison.Ordinal));
    }

    [Fact]
    public void AMovedOffsetIsSeenInEveryDescriptorThatSharesIt()
    {
        var differences = Differences((tree, snapshot) =>
        {
            var fd = int.Parse(snapshot.Facts.First(f => f.Name == "target" && f.Value.Contains("/files/file-", StringComparison.Ordinal)).Subject.Split(' ')[^1]);
            var pidfd = (int)Native.syscall(Native.PidfdOpen, tree.RootPid, 0, 0, 0, 0);
            var twin = (int)Native.syscall(Native.PidfdGetfd, pidfd, fd, 0, 0, 0);
            Assert.Equal(55, Native.lseek(twin, 55, 0));
            Assert.Equal(0, Native.close(twin) + Native.close(pidfd));
        });
        Assert.Equal(4, differences.Count); // two descriptors in the root, two in the child
        Assert.All(differences, d => Assert.Contains("pos was '10' and is '55'", d, StringComparison.Ordinal));
    }

    [Fact]
    public void BytesTakenFromAPipeAreMissed()
    {
        var differences = Differences((tree, snapshot) =>
        {
            var fd = snapshot.Facts.First(f => f.Name == "target" && f.Value.StartsWith("pipe", StringComparison.Ordinal)).Subject.Split(' ')[^1];
            var copy = Native.open($"/proc/{tree.RootPid}/fd/{fd}", 0);
            Assert.Equal(8, Native.read(copy, new byte[8], 8));
            Assert.Equal(0, Native.close(copy));
        });
        Assert.Contains("contents was '64 bytes", Assert.Single(differences), StringComparison.Ordinal);
    }

    [Fact]
    public void ADescriptorTakenOutOfASocketIsMissed()
    {
        var differences = Differences((tree, snapshot) =>
        {
            var fd = int.Parse(snapshot.Facts.First(f => f.Name == "scm_fds" && f.Value == "1").Subject.Split(' ')[^1]);
            var pidfd = (int)Native.syscall(Native.PidfdOpen, tree.RootPid, 0, 0, 0, 0);
            var twin = (int)Native.syscall(Native.PidfdGetfd, pidfd, fd, 0, 0, 0);
            Assert.Equal(1, Native.read(twin, new byte[8], 8));
            Assert.Equal(0, Native.close(twin) + Native.close(pidfd));
        });
        Assert.Equal(2, differences.Count); // the root's descriptor and the child's
        Assert.All(differences, d => Assert.Contains("scm_fds was '1' and is '0'", d, StringComparison.Ordinal));
    }

    [Fact]
    public void ACounterThatWasReadIsSeen()
    {
        var differences = Differences((_, snapshot) => Borrowed(snapshot, f => f.Value == "anon_inode:[eventfd]", twin => Assert.Equal(8, Native.read(twin, new byte[8], 8))));
        Assert.Equal(2, differences.Count); // the root's descriptor and the child's
        Assert.All(differences, d => Assert.Contains("eventfd-count was '5' and is '0'", d, StringComparison.Ordinal));
    }

    [Fact]
    public void AnOptionThatWasSetIsSeen()
    {
        var differences = Differences((_, snapshot) => Borrowed(snapshot, f => f.Value.StartsWith("socket", StringComparison.Ordinal), twin => Assert.Equal(0, setsockopt(twin, 1, 12, [3, 0, 0, 0], 4))));
        Assert.Equal(2, differences.Count); // the root's descriptor and the child's
        Assert.All(differences, d => Assert.Contains("option 1.12 is new: '03000000'", d, StringComparison.Ordinal));
    }

    [Fact]
    public void AnOwnerOfSignalsIsSeen()
    {
        const int setOwner = 8;
        var differences = Differences((_, snapshot) => Borrowed(snapshot, f => f.Value.StartsWith("pipe", StringComparison.Ordinal), twin => Assert.Equal(0, Native.fcntl(twin, setOwner, Pid(snapshot, "root")))));
        Assert.Equal(2, differences.Count); // the root's descriptor and the child's
        Assert.All(differences, d => Assert.Contains("owner of signals is new", d, StringComparison.Ordinal));
    }

    [System.Runtime.InteropServices.DllImport("libc")]
    private static extern int setsockopt(int fd, int level, int name, byte[] value, int length);

    /// <summary>The first descriptor of the root with a target, under a number of this process's own for a moment.</summary>
    private static void Borrowed(Snapshot snapshot, Func<Fact, bool> target, Action<int> use)
    {
        var root = snapshot.Tasks[0];
        var fd = int.Parse(snapshot.Facts.First(f => f.Name == "target" && f.Subject.StartsWith($"task {root.VPid} ", StringComparison.Ordinal) && target(f)).Subject.Split(' ')[^1]);
        var pidfd = (int)Native.syscall(Native.PidfdOpen, root.Pid, 0, 0, 0, 0);
        var twin = (int)Native.syscall(Native.PidfdGetfd, pidfd, fd, 0, 0, 0);
        use(twin);
        Assert.Equal(0, Native.close(twin) + Native.close(pidfd));
    }

    [Fact]
    public void AStoppedTaskIsSeen()
    {
        const int SigStop = 19;
        var differences = Differences((_, snapshot) =>
        {
            var pid = Pid(snapshot, "child");
            Assert.Equal(0, Native.kill(pid, SigStop));
            SpinWait.SpinUntil(() => ProcStat.TryRead($"/proc/{pid}/stat") is { State: 'T' }, 60_000);
        });
        Assert.Contains(differences, d => d.Contains("state was 'alive' and is 'stopped'", StringComparison.Ordinal));
    }

    [Fact]
    public void APendingSignalIsSeen()
    {
        var differences = Differences((_, snapshot) => Assert.Equal(0, Native.kill(Pid(snapshot, "child"), 36)));
        Assert.Contains("ShdPnd", Assert.Single(differences, d => !d.Contains("SigPnd", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public void AttributesSetFromOutsideAreSeen()
    {
        var differences = Differences((_, snapshot) => File.WriteAllText($"/proc/{Pid(snapshot, "child")}/oom_score_adj", "321"));
        Assert.Contains("oom_score_adj was '0", Assert.Single(differences), StringComparison.Ordinal);
    }

    [Fact]
    public void ADeadTaskIsSeen()
    {
        var differences = Differences((_, snapshot) =>
        {
            var pid = Pid(snapshot, "child");
            Assert.Equal(0, Native.kill(pid, 9));
            SpinWait.SpinUntil(() => ProcStat.TryRead($"/proc/{pid}/stat") is { State: 'Z' }, 60_000);
        });
        Assert.Contains(differences, d => d.EndsWith("exit status is new: 'signal 9'", StringComparison.Ordinal));
    }
}
