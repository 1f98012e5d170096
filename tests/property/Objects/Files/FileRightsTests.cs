using CrCore;
using CrCore.Checkpoint;
using CrCore.Kernel;
using CrCore.Restore;
using CrProperty.Kernel;
using CrProperty.Module;
using Xunit;

namespace CrProperty.Objects.Files;

/// <summary>Files that could not be opened again as they were are told of before a restore, all of them at once.</summary>
public class FileRightsTests
{
    /// <summary>Who has a file open or mapped keeps it; nobody can open it again so, root neither.</summary>
    [FactWithFileAttributes]
    public void FilesMadeImmutableOrAppendOnlySince()
    {
        using var program = new SelfCheckingProgram("""
                import mmap
                def make(name):
                    f = os.open(name, os.O_RDWR | os.O_CREAT); os.write(f, bytes(4096)); return f
                fixed, grows, adds, read, m = [make(x) for x in ('fixed', 'grows', 'adds', 'read', 'mapped')]
                fcntl.fcntl(adds, fcntl.F_SETFL, os.O_APPEND); os.close(read); read = os.open('read', os.O_RDONLY)
                mapped = mmap.mmap(m, 4096); os.close(m); mapped[0] = 7
                for f in (fixed, grows, adds): os.fsync(f)
                mapped.flush()
                wait()
                os.pwrite(fixed, b'x', 0); os.pwrite(grows, b'x', 0); os.write(adds, b'x'); mapped[0] = 8

            """);
        program.Save();
        using (var attributes = new FileAttributesHeld())
        {
            foreach (var name in (string[])["fixed", "read", "mapped"])
                attributes.Set(Path.Combine(program.Folder, name), FileAttributesHeld.Immutable);
            foreach (var name in (string[])["grows", "adds"])
                attributes.Set(Path.Combine(program.Folder, name), FileAttributesHeld.AppendOnly);
            var told = Assert.Throws<CrPreflightException>(() => program.Restore()).Obstacles;
            Assert.All(told, o => Assert.Equal(("CrFileRights", CrErrorKind.PermissionDenied), (o.Id, o.Kind)));
            // The mapping, and the descriptor that python3 keeps for it.
            Assert.Equal(["fixed", "grows", "mapped", "mapped"], told.Select(o => Path.GetFileName(o.Reason.Split(' ')[0])).Order());
            Assert.Single(told, o => !o.Object.StartsWith("descriptor ", StringComparison.Ordinal));
        }
        program.Restore();
        Assert.Equal("ok", program.Check());
    }

    /// <summary>The kernel wants the right to run it of the file that /proc/PID/exe is to lead to.</summary>
    [Fact]
    public void AProgramThatMayNotBeRunAnyMore()
    {
        using var folder = new ScratchFolder();
        var program = folder.File("program");
        // By another process: what is open for writing here is so in a child that another test starts at this moment, too, and cannot be run.
        using (var copy = System.Diagnostics.Process.Start("cp", ["/bin/sleep", program]))
            copy.WaitForExit();
        using var child = OwnChild.Start(program, "1000").WaitForCall("35", "230");
        new TreeCheckpoint(new CheckpointOptions { ExternalPipe = ExternalPipePolicy.Null, Terminal = TerminalPolicy.Null }).Run(child.Pid, folder.File("image.cr"));
        Assert.DoesNotContain(Preview(), o => o.Id == "CrFileRights");
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var told = Assert.Single(Preview(), o => o.Id == "CrFileRights");
        Assert.Equal("exe", told.Object);
        Assert.Contains("cannot be run", told.Reason, StringComparison.Ordinal);

        IReadOnlyList<Obstacle> Preview() => new TreeRestore(new RestoreOptions { NewPidNamespace = true }).Preview(folder.File("image.cr")).Obstacles;
    }
}

/// <summary>Attributes of chattr(1) that files have for a while, so that they can be removed afterwards.</summary>
internal sealed class FileAttributesHeld : IDisposable
{
    // FS_IMMUTABLE_FL, FS_APPEND_FL, FS_IOC_SETFLAGS, FS_IOC_GETFLAGS of include/uapi/linux/fs.h
    public const int Immutable = 0x10, AppendOnly = 0x20;
    private const uint SetFlags = 0x40086602, GetFlags = 0x80086601;

    private readonly List<(string Path, int Flags)> _before = [];

    public void Set(string path, int flag) => Assert.True(TrySet(path, flag));

    public unsafe bool TrySet(string path, int flag)
    {
        long flags = 0;
        using var file = OwnDescriptor.Open(path, 0, out _)!;
        if (Libc.Syscall(Sys.ioctl, file.Number, GetFlags, (long)&flags) < 0)
            return false;
        var before = (int)flags;
        flags |= (uint)flag;
        if (Libc.Syscall(Sys.ioctl, file.Number, SetFlags, (long)&flags) < 0)
            return false;
        _before.Add((path, before));
        return true;
    }

    public unsafe void Dispose()
    {
        // The last first: one file may have been given several.
        for (var i = _before.Count - 1; i >= 0; i--)
        {
            var (path, before) = _before[i];
            long flags = before;
            using var file = OwnDescriptor.Open(path, 0, out _)!;
            Libc.Syscall(Sys.ioctl, file.Number, SetFlags, (long)&flags);
        }
    }
}

/// <summary>A fact that is skipped where files of the directory for temporary ones cannot be made immutable.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class FactWithFileAttributesAttribute : FactAttribute
{
    public FactWithFileAttributesAttribute() => Skip = Needs.Missing(["python3"]) ?? Missing();

    private static string? Missing()
    {
        using var folder = new ScratchFolder();
        var file = folder.File("tried");
        File.WriteAllText(file, "");
        using var attributes = new FileAttributesHeld();
        return attributes.TrySet(file, FileAttributesHeld.AppendOnly) && attributes.TrySet(file, FileAttributesHeld.Immutable) ? null : "needs CAP_LINUX_IMMUTABLE, and a file system with chattr(1)";
    }
}
