using System.Diagnostics;
using CrCore;
using CrCore.Checkpoint;
using CrCore.Restore;
using CrProperty.Kernel;
using Xunit;

namespace CrProperty.Memory;

/// <summary>What of a memory cannot be saved or made again is said before anything is touched: which, where and why.</summary>
public class MemoryObstacleTests
{
    private const string Calls = """
        import ctypes, mmap, os, sys, time
        libc = ctypes.CDLL(None, use_errno=True)
        libc.shmat.restype = ctypes.c_void_p
        libc.mmap.restype = ctypes.c_void_p
        libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
        def ready():
            print('ready', flush=True)
            time.sleep(1000)

        """;

    [FactWith("python3")]
    public void A_process_that_shares_its_parents_memory_is_named()
    {
        // CLONE_VM | SIGCHLD: the C library's pause is its program.
        using var child = OwnChild.Python(Calls + """
            stack = libc.mmap(None, 65536, 3, 0x22, -1, 0)
            pid = libc.clone(ctypes.cast(libc.pause, ctypes.c_void_p), ctypes.c_void_p(stack + 65536), 0x100 | 17, None)
            print('ready', flush=True)
            print(pid, flush=True)
            time.sleep(1000)
            """);
        var cloned = int.Parse(child.Output.ReadLine()!, System.Globalization.CultureInfo.InvariantCulture);
        try
        {
            var obstacle = Assert.Single(Obstacles(child.Pid), o => o.Id == "CrSharedAddressSpace");
            Assert.Contains(obstacle.Pid, new[] { child.Pid, cloned });
        }
        finally
        {
            using var process = Process.GetProcessById(cloned);
            process.Kill();
        }
    }

    [Fact]
    public void A_program_whose_file_is_gone_is_saved_up_to_the_bound()
    {
        using var folder = new Module.ScratchFolder();
        var program = folder.File("gone");
        // Not by File.Copy: what this process has open for writing a child of another test has, too, until it runs its own program, and
        // no program can be run that somebody writes to (ETXTBSY).
        using (var copy = Process.Start("cp", ["/bin/sleep", program]))
            copy.WaitForExit();
        using var child = OwnChild.Start(program, "1000").WaitForCall("35", "230");
        File.Delete(program);
        // Another file of that name is not the program.
        File.Copy("/bin/true", program);
        Assert.DoesNotContain(Obstacles(child.Pid), o => o.Severity == ObstacleSeverity.Error);
        var obstacles = Obstacles(child.Pid, 1000);
        Assert.Contains(obstacles, o => o.Id == "CrExeDeleted" && o.Reason.Contains(program, StringComparison.Ordinal));
        Assert.Contains(obstacles, o => o.Id == "CrDeletedFileTooLarge");
    }

    [FactWith("python3")]
    public void A_mapped_file_that_changed_since_stops_the_restore_unless_accepted()
    {
        using var folder = new Module.ScratchFolder();
        var mapped = folder.File("mapped");
        File.WriteAllBytes(mapped, new byte[10_000]);
        using var child = OwnChild.Python(Calls + $"""
            f = os.open('{mapped}', os.O_RDONLY)
            libc.mmap(None, 8192, 1, 2, f, 0)
            os.closerange(3, 64)
            ready()
            """);
        var image = folder.File("image.cr");
        new TreeCheckpoint(Options).Run(child.Pid, image);
        Assert.DoesNotContain(new TreeRestore(new RestoreOptions()).Preview(image).Obstacles, o => o.Id is "CrFileChanged" or "CrFileMissing");

        File.AppendAllText(mapped, "more");
        var change = Assert.Single(new TreeRestore(new RestoreOptions()).Preview(image).Obstacles, o => o.Id == "CrFileChanged");
        Assert.Equal(ObstacleSeverity.Error, change.Severity);
        Assert.Contains(mapped, change.Reason, StringComparison.Ordinal);
        change = Assert.Single(new TreeRestore(new RestoreOptions { AcceptChangedFiles = true }).Preview(image).Obstacles, o => o.Id == "CrFileChanged");
        Assert.Equal(ObstacleSeverity.Warning, change.Severity);

        File.Delete(mapped);
        Assert.Single(new TreeRestore(new RestoreOptions { AcceptChangedFiles = true }).Preview(image).Obstacles,
            o => o.Id == "CrFileMissing" && o.Severity == ObstacleSeverity.Error);
    }

    private static CheckpointOptions Options => new() { ExternalPipe = ExternalPipePolicy.Null, Terminal = TerminalPolicy.Null };

    private static IReadOnlyList<Obstacle> Obstacles(int pid, long? maxDeleted = null)
        => new TreeCheckpoint(maxDeleted is { } bound ? Options with { MaxDeletedFileBytes = bound } : Options).Preview(pid).Obstacles;
}
