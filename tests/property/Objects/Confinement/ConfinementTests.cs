using CrCore;
using CrCore.Checkpoint;
using CrProperty.Kernel;
using CrProperty.Objects.Files;
using Xunit;

namespace CrProperty.Objects.Confinement;

/// <summary>What confines a program and cannot be kept is not lost in silence.</summary>
public class ConfinementTests
{
    /// <summary>A domain that forbids to make block devices, by the system calls 444 and 446; what the kernel lacks raises.</summary>
    private const string What = "Landlock", Define = """
        def confine():
            ruleset = libc.syscall(444, ctypes.create_string_buffer(struct.pack('Q', 1 << 11)), ctypes.c_long(8), 0)
            assert ruleset >= 0, os.strerror(ctypes.get_errno())
            assert libc.prctl(38, 1, 0, 0, 0) == 0
            assert libc.syscall(446, ruleset, 0) == 0, os.strerror(ctypes.get_errno())
            os.close(ruleset)
        """;

    private const string Try = Define + "\nconfine()";

    private static readonly string Confine = string.Concat(("libc = ctypes.CDLL(None, use_errno=True)\n" + Define).Split('\n').Select(l => $"    {l}\n"));

    [FactTried(What, Try)]
    public void ALandlockDomainIsRefused()
    {
        using var program = new SelfCheckingProgram(Confine + "    confine()\n    wait()\n");
        var e = Assert.Throws<CrPreflightException>(() => new TreeCheckpoint(new()).Run(program.Pid, program.Image));
        Assert.Contains(e.Obstacles, o => o is { Id: "CrLandlock", Severity: ObstacleSeverity.Error } && o.Pid == program.Pid);
        Assert.False(File.Exists(program.Image));
        Assert.Equal("ok", program.CheckRunning());
    }

    [FactTried(What, Try)]
    public void SoIsOneOfASingleThread()
    {
        using var program = new SelfCheckingProgram(Confine + """
                import threading
                go, ready = threading.Event(), threading.Event()
                def work(): confine(); ready.set(); go.wait()
                thread = threading.Thread(target=work); thread.start(); ready.wait()
                wait()
                go.set(); thread.join()
            """);
        var e = Assert.Throws<CrPreflightException>(() => new TreeCheckpoint(new()).Run(program.Pid, program.Image));
        Assert.Contains(e.Obstacles, o => o.Id == "CrLandlock" && o.Object != $"thread {program.Pid}");
        Assert.Equal("ok", program.CheckRunning());
    }

    /// <summary>add_key(2) is 248; KEY_SPEC_THREAD_KEYRING −1, KEY_SPEC_PROCESS_KEYRING −2.</summary>
    [TheoryTried("keyrings", "assert libc.syscall(248, b'user', b'cr test', b'x', ctypes.c_long(1), -1) > 0, os.strerror(ctypes.get_errno())")]
    [InlineData(-1), InlineData(-2)]
    public void KeysThatAreNotKeptAreToldOf(int keyring)
    {
        using var program = new SelfCheckingProgram($"""
                libc = ctypes.CDLL(None, use_errno=True)
                assert libc.syscall(248, b'user', b'cr test', b'x', ctypes.c_long(1), {keyring}) > 0
                wait()

            """);
        var told = program.SaveRunning().Warnings;
        Assert.Contains(told, w => w.Id == "CrKeyringLost" && w.Pid == program.Pid);
        Assert.Equal("ok", program.CheckRunning());
    }

    [FactWith("python3")]
    public void OtherProgramsAreNot()
    {
        using var program = new SelfCheckingProgram("    wait()\n");
        Assert.DoesNotContain(program.SaveRunning().Warnings, w => w.Id is "CrKeyringLost" or "CrLandlock");
        Assert.Equal("ok", program.CheckRunning());
    }
}
