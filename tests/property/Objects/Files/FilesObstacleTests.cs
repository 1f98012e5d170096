using CrCore;
using CrCore.Checkpoint;
using CrCore.Restore;
using CrProperty.Kernel;
using Xunit;

namespace CrProperty.Objects.Files;

/// <summary>What of descriptors cannot be saved or restored is told before anything is touched, all of it at once.</summary>
public class FilesObstacleTests
{
    private static List<Obstacle> Preview(SelfCheckingProgram program, CheckpointOptions? options = null)
        => [.. new TreeCheckpoint(options ?? new()).Preview(program.Pid).Obstacles.Where(o => o.Severity == ObstacleSeverity.Error)];

    [FactWith("python3")]
    public void EverythingUnsupportedIsNamedAtOnce()
    {
        using var program = new SelfCheckingProgram("""
                import ctypes, socket
                s, other = socket.socketpair(); other.send(b'!', socket.MSG_OOB)
                t = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262); t.bind(('127.0.0.1', 0)); t.listen()
                e = ctypes.CDLL(None).syscall(425, 4, ctypes.create_string_buffer(120))
                g = os.open('large', os.O_RDWR | os.O_CREAT); os.write(g, bytes(5000)); os.fsync(g); os.unlink('large')
                said('fds', ' '.join(str(x) for x in (s.fileno(), t.fileno(), e, g)))
                wait()
            """);
        var fds = File.ReadAllText(Path.Combine(program.Folder, "fds")).Split(' ');
        var obstacles = Preview(program, new() { MaxDeletedFileBytes = 1000 });
        Assert.Equal(4, obstacles.Count);
        Assert.All(obstacles, o => Assert.Equal(program.Pid, o.Pid));
        Expect(0, "CrUnixOutOfBand", "MSG_OOB");
        Expect(1, "CrInetProtocol", "Multipath TCP");
        Expect(2, "CrDescriptorNotSupported", "io_uring");
        Expect(3, "CrDeletedFileTooLarge", "bound");

        void Expect(int at, string id, string word)
        {
            var obstacle = Assert.Single(obstacles, o => o.Object.StartsWith($"descriptor {fds[at]} ", StringComparison.Ordinal));
            Assert.Equal(id, obstacle.Id);
            Assert.Contains(word, obstacle.Reason);
        }
    }

    /// <summary>Memory that nobody else can read, and a mount that is in no namespace: both look like files whose names are gone.</summary>
    [FactWith("python3")]
    public void SecretMemoryAndDetachedMountsAreNamedAsSuch()
    {
        using var program = new SelfCheckingProgram("""
                import ctypes; libc = ctypes.CDLL(None); libc.mmap.restype = ctypes.c_void_p; libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
                # memfd_secret(2), and open_tree(2) with OPEN_TREE_CLONE: not every kernel has the one, the other takes CAP_SYS_ADMIN.
                f = libc.syscall(447, 0)
                if f >= 0: os.ftruncate(f, 4096); a = libc.mmap(None, 4096, 3, 1, f, 0)
                t = libc.syscall(428, -100, b'/proc', 1); said('made', '%d %d' % (f >= 0, t >= 0))
                wait()
            """);
        var made = File.ReadAllText(Path.Combine(program.Folder, "made")).Split(' ');
        var told = Preview(program);
        Assert.Equal(made[0] == "1" ? 2 : 0, told.Count(o => o.Reason.Contains("memfd_secret", StringComparison.Ordinal)));
        Assert.Equal(made[1] == "1" ? 1 : 0, told.Count(o => o.Id == "CrFileElsewhere" && o.Reason.Contains("open_tree", StringComparison.Ordinal)));
        Assert.All(told, o => Assert.DoesNotContain("other name", o.Reason, StringComparison.Ordinal));
    }

    [FactWith("python3")]
    public void ALocalDescriptorTableIsRefusedAndTheProgramRunsOn()
    {
        using var program = new SelfCheckingProgram("""
                import ctypes; libc = ctypes.CDLL(None)
                # struct user_desc: entry 0 of 32 bits, present.
                said('made', str(libc.syscall(154, 1, struct.pack('4I', 0, 4096, 0xfffff, 0x51), 16)))
                wait()
            """);
        // Not every kernel has them (CONFIG_MODIFY_LDT_SYSCALL).
        if (File.ReadAllText(Path.Combine(program.Folder, "made")) == "0")
            Assert.Equal("CrLocalDescriptorTable", Assert.Throws<CrTargetException>(() => program.SaveRunning()).Id);
        Assert.Equal("ok", program.CheckRunning());
    }

    [FactWith("python3")]
    public void APipeHeldOutsideIsRefusedWithItsHolder()
    {
        using var program = new SelfCheckingProgram("""
                r, w = os.pipe()
                os.close(r)
                wait()
            """);
        Assert.Empty(Preview(program));
        using var outside = new OutsideEnd(program.Pid);
        var refusal = Assert.Single(Preview(program));
        Assert.Equal("CrExternalPipe", refusal.Id);
        Assert.Contains($"process {Environment.ProcessId} ", refusal.Reason);
        Assert.Empty(Preview(program, new() { ExternalPipe = ExternalPipePolicy.Close }));
    }

    [FactWith("python3")]
    public void ADeletedFileBeyondTheBoundIsRefused()
    {
        using var program = new SelfCheckingProgram("""
                f = os.open('gone', os.O_RDWR | os.O_CREAT); os.write(f, bytes(100000)); os.fsync(f); os.unlink('gone')
                wait()
            """);
        Assert.Empty(Preview(program));
        Assert.Equal("CrDeletedFileTooLarge", Assert.Single(Preview(program, new() { MaxDeletedFileBytes = 50_000 })).Id);
    }

    [FactWith("python3")]
    public void AChangedOrMissingFileStopsTheRestore()
    {
        using var program = new SelfCheckingProgram("""
                f = os.open('changed', os.O_RDWR | os.O_CREAT); os.write(f, b'0123456789'); g = os.open('missing', os.O_RDWR | os.O_CREAT)
                wait()
                same(os.lseek(f, 0, 1), 10); same(os.pread(f, 99, 0), b'short')
            """);
        program.Save();
        File.WriteAllText(Path.Combine(program.Folder, "changed"), "short");
        File.Delete(Path.Combine(program.Folder, "missing"));
        var error = Assert.Throws<CrPreflightException>(() => program.Restore());
        Assert.Equal(["CrFileChanged", "CrFileMissing"], error.Obstacles.Where(o => o.Severity == ObstacleSeverity.Error).Select(o => o.Id).Order());
        File.WriteAllText(Path.Combine(program.Folder, "missing"), "");
        program.Restore(new() { AcceptChangedFiles = true });
        Assert.Equal("ok", program.Check());
    }

    [FactWith("python3")]
    public void AFileOfProcAboutADescriptorInAMessageIsRefused()
    {
        using var program = new SelfCheckingProgram("""
                import socket
                a, b = socket.socketpair(); f = os.open('/proc/self/fdinfo/0', os.O_RDONLY); socket.send_fds(a, [b'x'], [f])
                wait()
            """);
        var refused = Assert.Throws<CrPreflightException>(() => program.Save(new() { FreezeTimeout = TimeSpan.FromSeconds(3) }));
        Assert.Equal("CrProcInFlight", Assert.Single(refused.Obstacles, o => o.Severity == ObstacleSeverity.Error).Id);
        Assert.Equal("ok", program.CheckRunning());
    }
}
