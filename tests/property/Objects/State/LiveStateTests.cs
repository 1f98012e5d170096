using Xunit;

namespace CrProperty.Objects.State;

/// <summary>Programs tell of their own state before the checkpoint and after the restore, and it is the same.</summary>
public class LiveStateTests
{
    internal const string Status = """
        def status():
            keep = ("Name", "Umask", "Uid", "Gid", "Groups", "SigBlk", "SigIgn", "SigCgt", "SigPnd", "ShdPnd", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb",
                    "NoNewPrivs", "THP_enabled", "Speculation_Store_Bypass", "SpeculationIndirectBranch", "Cpus_allowed")
            with open("/proc/thread-self/status") as f:
                return [l.split(":", 1) for l in f.read().splitlines() if l.split(":")[0] in keep]
        def attributes():
            value = ctypes.c_int()
            def out(option):
                libc.prctl(option, ctypes.byref(value), 0, 0, 0); return value.value
            def result(option): return libc.prctl(option, 0, 0, 0, 0)
            return {"status": status(), "limits": open("/proc/self/limits").read(), "oom": open("/proc/self/oom_score_adj").read(),
                    "filter": open("/proc/self/coredump_filter").read(), "personality": libc.personality(ctypes.c_ulong(0xffffffff)),
                    "pdeathsig": out(2), "dumpable": result(3), "keepcaps": result(7), "tsc": out(25), "securebits": result(27), "slack": result(30),
                    "subreaper": out(37), "thp": result(42), "mdwe": result(66), "mce": result(34),
                    "policy": os.sched_getscheduler(0), "nice": os.getpriority(os.PRIO_PROCESS, 0), "affinity": sorted(os.sched_getaffinity(0)),
                    "merge": result(68), "futexes": libc.prctl(78, 2, 0, 0, 0),
                    "ioprio": libc.syscall(252, 1, 0), "membarrier": libc.syscall(324, 512, 0, 0), "comm": open("/proc/thread-self/comm").read()}

        """;

    private const string BeforeAndAfter = """

        tell("before", attributes())
        await_word("go")
        tell("after", attributes())
        """;

    [Fact]
    public void APlainProgram() => Same("");

    [Fact]
    public void Attributes() => Same("""
        os.setpriority(os.PRIO_PROCESS, 0, 7)
        os.sched_setaffinity(0, {0})
        libc.prctl(1, 12, 0, 0, 0)
        libc.prctl(30, 123456, 0, 0, 0)
        libc.prctl(36, 1, 0, 0, 0)
        libc.prctl(41, 1, 0, 0, 0)
        libc.prctl(15, b"new name", 0, 0, 0)
        libc.prctl(33, 1, 1, 0, 0)
        libc.personality(0x0040000)
        libc.syscall(324, 1 << 4, 0, 0)
        libc.syscall(251, 1, 0, (2 << 13) | 3)
        open("/proc/self/oom_score_adj", "w").write("321")
        open("/proc/self/coredump_filter", "w").write("0x7")
        import resource
        resource.setrlimit(resource.RLIMIT_NOFILE, (100, 200))
        resource.setrlimit(resource.RLIMIT_CPU, (1000, 2000))
        libc.prctl(38, 1, 0, 0, 0)
        """);

    /// <summary>What this kernel lacks is refused to the program, too, and looks the same before and after.</summary>
    [Fact]
    public void Modes() => Same("""
        libc.prctl(67, 1, 0, 0, 0)
        libc.prctl(78, 1, 64, 0, 0)
        """);

    [Fact]
    public void CredentialsOfAnotherUser() => Same("""
        libc.prctl(28, 0x20, 0, 0, 0)
        libc.prctl(24, 25, 0, 0, 0)
        os.chmod(folder, 0o777)
        os.setgroups([7, 8, 9])
        os.setresgid(1001, 1002, 1003)
        os.setresuid(1001, 1002, 1003)
        libc.prctl(4, 1, 0, 0, 0)
        """);

    [Fact]
    public void CapabilitiesKeptByAnOrdinaryUser() => Same("""
        def capset(effective, permitted, inheritable):
            head = (ctypes.c_uint * 2)(0x20080522, 0)
            data = (ctypes.c_uint * 6)(effective, permitted, inheritable, 0, 0, 0)
            assert libc.capset(head, data) == 0
        os.chmod(folder, 0o777)
        libc.prctl(8, 1, 0, 0, 0)
        os.setresgid(1001, 1001, 1001)
        os.setresuid(1001, 1001, 1001)
        capset(1 << 10, 1 << 10 | 1 << 13, 1 << 13)
        assert libc.prctl(47, 2, 13, 0, 0) == 0
        libc.prctl(4, 1, 0, 0, 0)
        """);

    internal static void Same(string make)
    {
        using var program = new StatefulProgram(Status + make + BeforeAndAfter);
        var before = program.Hear("before");
        program.Checkpoint();
        var restored = program.Restore();
        program.Say("go");
        Assert.Equal(before, program.Hear("after"));
        Assert.Empty(restored.Warnings);
    }
}
