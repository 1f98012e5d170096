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
