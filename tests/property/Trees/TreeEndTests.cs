using System.Diagnostics;
using System.Globalization;
using CrCore.Image;
using CrCore.Objects;
using CrProperty.Kernel;
using CrProperty.Objects.Files;
using CrProperty.Shell;
using Xunit;

namespace CrProperty.Trees;

/// <summary>
/// A checkpoint with -Stop of a tree that may be traced but not ended. Who may not is played by a shell whose filter of seccomp(2)
/// answers kill(2) with EPERM.
/// </summary>
public class TreeEndTests
{
    private const int NoSignal = 0, SigKill = 9;

    /// <summary>
    /// Runs a program under a filter that forbids kill(2) with one signal; code, jt, jf, k of each instruction, what is loaded being
    /// fields of struct seccomp_data (include/uapi/linux/seccomp.h).
    /// </summary>
    private const string Launcher = """
        import ctypes, os, struct, sys
        code = [(0x20, 0, 0, 0), (0x15, 0, 3, 62), (0x20, 0, 0, 24), (0x15, 0, 1, int(sys.argv[1])), (6, 0, 0, 0x50001), (6, 0, 0, 0x7fff0000)]
        buffer = ctypes.create_string_buffer(b''.join(struct.pack('HBBI', *i) for i in code))
        libc = ctypes.CDLL(None)
        assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.syscall(317, 1, 0, ctypes.c_char_p(struct.pack('HxxxxxxQ', len(code), ctypes.addressof(buffer)))) == 0
        os.execv(sys.argv[2], sys.argv[2:])
        """;

    private const string Code = """
            child = os.fork()
            if child == 0:
                while True: signal.pause()
            wait()
            os.kill(child, signal.SIGKILL); same(os.WTERMSIG(os.wait()[1]), 9)

        """;

    [FactWith("python3")]
    public void Whoever_may_not_end_the_tree_is_told_before_anything_is_touched()
    {
        using var program = new SelfCheckingProgram(Code);
        var told = Refused(program, NoSignal);
        Assert.StartsWith("CrCheckpointObstacles\nPermissionDenied\n", told, StringComparison.Ordinal);
        Assert.Equal(3, told.Split("may not end it").Length);
        Assert.False(File.Exists(program.Image));
        Assert.Equal("ok", program.CheckRunning());
    }

    /// <summary>The one error after which the image stands: the tree goes on, and both are whole.</summary>
    [FactWith("python3")]
    public void A_tree_that_cannot_be_ended_after_all_runs_on_beside_its_image()
    {
        using var program = new SelfCheckingProgram(Code);
        Assert.StartsWith("CrEndFailed\nPermissionDenied\n", Refused(program, SigKill), StringComparison.Ordinal);
        using (var reader = ImageReader.Open(program.Image, Kinds.Catalog))
            Assert.Equal(2, reader.ReadMetadata().Tasks.Count);
        Assert.Equal("ok", program.CheckRunning());
    }

    /// <returns>What the shell says of the error: its id, and tasks.</returns>
    private static string Refused(SelfCheckingProgram program, int signal)
    {
        using var modules = new TemporaryDirectory();
        Directory.CreateSymbolicLink(modules.File("CrModule"), AppContext.BaseDirectory);
        var command = $$"""
            try { Checkpoint-ProcessTree {{program.Pid}} '{{program.Image}}' -Stop -ErrorAction Stop }
            catch { $_.FullyQualifiedErrorId.Split(',')[0]; $_.CategoryInfo.Category; $_.Exception.Message }
            """;
        var start = new ProcessStartInfo("python3", ["-c", Launcher, signal.ToString(CultureInfo.InvariantCulture), ShellProcess.Executable, "-Command", command])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        start.Environment["PSModulePath"] = modules.Path;
        start.Environment["NO_COLOR"] = "1";
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return said;
    }
}
