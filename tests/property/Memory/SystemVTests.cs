using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using CrCore;
using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects;
using CrCore.Objects.Memory;
using CrCore.Restore;
using CrProperty.Kernel;
using CrProperty.Objects.Files;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Xunit;

namespace CrProperty.Memory;

/// <summary>System V segments that tasks have attached: one with a key that outlives the tree, one removed already.</summary>
public class SystemVTests
{
    private const string Program = """
            at = ctypes.CDLL(None, use_errno=True); at.shmat.restype = ctypes.c_void_p; at.shmat.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int]
            at.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]; at.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
            root = os.geteuid() == 0
            if root: os.setegid(65533); os.seteuid(65534)
            kept = at.shmget(0x43520000 + os.getpid(), 10000, 0o3600)
            if root: os.seteuid(0); os.setegid(0)
            gone = at.shmget(0x53520000 + os.getpid(), 20000, 0o3600)
            assert kept >= 0 and gone >= 0
            said('kept', str(kept))
            at.shmctl(kept, 1, struct.pack('iIIIII88x', 0, 1234, 4321, 0, 0, 0o640))
            if root: same((at.shmctl(kept, 11, None), at.shmctl(gone, 11, None)), (0, 0)) # SHM_LOCK
            a = at.shmat(kept, None, 0); b = at.shmat(kept, None, 0o10000); g = at.shmat(gone, None, 0)
            at.shmctl(gone, 0, None)
            ctypes.memmove(a, b'first', 5); ctypes.memmove(a + 8192 + 1000, b'last', 4); ctypes.memmove(g + 12288, b'gone', 4)
            same(at.mprotect(a + 4096, 4096, 1), 0); same(at.munmap(g + 4096, 4096), 0)
            r, w = os.pipe()
            def maps(): return [l.split()[1:3] + l.split()[4:] for l in open('/proc/self/maps') if '/SYSV' in l]
            def table(): return [l.split()[:4] + l.split()[6:11] for l in open('/proc/sysvipc/shm') if l.split()[1] in (str(kept), str(gone))]
            child = os.fork()
            if child == 0:
                signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
                os.write(w, b'r'); signal.sigwait([signal.SIGUSR2])
                ok = ctypes.string_at(b, 5) == FIRST and ctypes.string_at(g + 12288, 4) == b'gone'
                ctypes.memmove(a + 8192, b'child', 5); ctypes.memmove(g, b'child', 5); os._exit(0 if ok else 1)
            os.read(r, 1); before = maps(), table()
            wait()
            now = maps(), table()
            same(now[0], before[0])
            if FIRST == b'first': same(now[1], before[1])
            same(ctypes.string_at(a, 5), FIRST); same(ctypes.string_at(a + 9192, 4), b'last'); same(ctypes.string_at(b + 9192, 4), b'last')
            same(at.mprotect(b, 4096, 3), -1)
            os.kill(child, signal.SIGUSR2); same(os.wait(), (child, 0))
            same(ctypes.string_at(b + 8192, 5), b'child'); same(ctypes.string_at(g, 5), b'child')
            same(len(table()), 2); at.shmdt.argtypes = [ctypes.c_void_p]; same(at.shmdt(g), 0); same(len(table()), 1)

        """;

    [TheoryWithSystemV("python3"), InlineData(false, false), InlineData(false, true), InlineData(true, false), InlineData(true, true)]
    public void OfTwoTasks(bool newPidNamespace, bool removedMeanwhile) => Run("first", (program, id) =>
    {
        program.Save();
        if (removedMeanwhile)
            Assert.Equal(Errno.None, SystemVMemory.Remove(id));
        program.Restore(new() { NewPidNamespace = newPidNamespace });
    });

    /// <summary>What others have attached is theirs, too.</summary>
    [FactWithSystemV("python3")]
    public void ThatAnotherProcessHasAttachedStaysAsItIs() => Run("other", (program, id) =>
    {
        var address = (nint)Libc.Syscall(Sys.shmat, id, 0, 0);
        Assert.True(address > 0);
        try
        {
            program.Save();
            Marshal.Copy("other"u8.ToArray(), 0, address, 5);
            Assert.Contains(program.Restore().Warnings, w => w.Id == "CrSystemVShared");
        }
        finally
        {
            Libc.Syscall(Sys.shmdt, address);
        }
    });

    [FactWithSystemV("python3")]
    public void ThatIsInUseSinceIsRefused() => Run("first", (program, id) =>
    {
        program.Save();
        var address = Libc.Syscall(Sys.shmat, id, 0, 0);
        try
        {
            Assert.Single(new TreeRestore(new()).Preview(program.Image).Obstacles, o => o.Id == "CrSystemVInUse" && o.Severity == ObstacleSeverity.Error);
        }
        finally
        {
            Libc.Syscall(Sys.shmdt, address);
        }
        program.Restore();
    });

    private static void Run(string first, Action<SelfCheckingProgram, int> journey)
    {
        using var program = new SelfCheckingProgram(Program.Replace("FIRST", $"b'{first}'", StringComparison.Ordinal));
        var id = int.Parse(File.ReadAllText(Path.Combine(program.Folder, "kept")), CultureInfo.InvariantCulture);
        try
        {
            journey(program, id);
            Assert.Equal("ok", program.Check());
        }
        finally
        {
            SystemVMemory.Remove(id);
        }
    }

    /// <summary>As two restores do at the same time. In a namespace of its own, where nobody else is disturbed.</summary>
    [FactWithSystemV]
    public void ThatGetsAnothersNumberIsMadeAgain()
    {
        const int newIpcNamespace = 0x08000000, sequence = 32768, another = 77, size = 4096, mode = 0x180, rounds = 10_000;
        var (isMet, isOver) = (false, false);
        Exception? failure = null;
        var maker = new Thread(() => failure = Record.Exception(() =>
        {
            Assert.Equal(0, Libc.Syscall(Sys.unshare, newIpcNamespace));
            var other = new Thread(() =>
            {
                using var next = File.OpenHandle("/proc/sys/kernel/shm_next_id", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
                Span<byte> now = stackalloc byte[16];
                while (!Volatile.Read(ref isOver))
                    if (RandomAccess.Read(next, now, 0) > 0 && now[0] != (byte)'-')
                    {
                        RandomAccess.Write(next, Encoding.ASCII.GetBytes(another.ToString(CultureInfo.InvariantCulture)), 0);
                        Volatile.Write(ref isMet, true);
                        return;
                    }
            });
            other.Start();
            for (var round = 1; !Volatile.Read(ref isMet) && round < rounds; round++)
            {
                var wanted = (round * sequence) + round % 10;
                Assert.Equal(wanted, SystemVMemory.Create(0, size, mode, 0, wanted, 0, 0));
                Assert.Equal(Errno.None, SystemVMemory.Remove(wanted));
            }
        }));
        maker.Start();
        maker.Join();
        Volatile.Write(ref isOver, true);
        Assert.Null(failure);
        Assert.True(isMet);
    }

    [Property]
    public Property Records() => Prop.ForAll(Arb.From(
        from n in ArbMap.Default.GeneratorFor<uint>().ArrayOf(5)
        from key in ArbMap.Default.GeneratorFor<int>()
        from id in Gen.Choose(0, int.MaxValue)
        from mode in Gen.Choose(0, 0x1ff)
        from removed in ArbMap.Default.GeneratorFor<bool>()
        select new SystemVSegmentRecord(3, 4, key, id, n[0], n[1], n[2], n[3], (uint)mode, removed, !removed, removed)),
        record =>
        {
            var buffer = new ArrayBufferWriter<byte>();
            var w = new FieldWriter(buffer);
            record.Write(ref w);
            var r = new FieldReader(buffer.WrittenSpan, 0);
            Assert.Equal(record, Kinds.Catalog.Find(record.Type)!.Decode(record.Parent, ref r));
            Assert.Equal(0, r.Remaining);
        });
}

/// <summary>Whether this machine lets the tests make System V objects with the numbers that they had.</summary>
internal static class SystemVRights
{
    public static string? Missing(string[] programs) => Needs.Missing(programs)
        ?? (!Environment.IsPrivilegedProcess ? "needs root: System V objects are made with their numbers"
            : !File.Exists("/proc/sys/kernel/shm_next_id") ? "needs a kernel with CONFIG_SYSVIPC and CONFIG_CHECKPOINT_RESTORE" : null);
}

/// <summary>A fact that is skipped, with the reason, where System V objects cannot be made anew.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class FactWithSystemVAttribute : FactAttribute
{
    public FactWithSystemVAttribute(params string[] programs) => Skip = SystemVRights.Missing(programs);
}

/// <summary>The same for a theory.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class TheoryWithSystemVAttribute : TheoryAttribute
{
    public TheoryWithSystemVAttribute(params string[] programs) => Skip = SystemVRights.Missing(programs);
}
