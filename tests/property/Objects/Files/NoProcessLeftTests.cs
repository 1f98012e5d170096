using CrCore;
using CrCore.Kernel;
using CrCore.Restore;
using CrProperty.Kernel;
using CrProperty.Trees;
using Xunit;

namespace CrProperty.Objects.Files;

/// <summary>
/// The process that opens the root's files while the restore still looks at them is gone when anything is in the way. Counted while no
/// other test starts one.
/// </summary>
[Collection(LiveTrees.Name)]
public class NoProcessLeftTests
{
    [FactWith("python3")]
    public void AllThatIsMissingIsToldAtOnceAndNothingIsLeftBehind()
    {
        using var program = new SelfCheckingProgram(ManyFilesTests.Row);
        program.Save();
        string At(int i) => Path.Combine(program.Folder, $"file{i}");
        File.Move(At(0), At(1000));
        File.Move(At(150), At(1150));
        File.Move(At(299), At(1299));
        Directory.CreateDirectory(At(299));
        var before = Children();
        var error = Assert.Throws<CrPreflightException>(() => program.Restore());
        Assert.Equal(["CrFileMissing", "CrFileMissing", "CrFileType"], error.Obstacles.Select(o => o.Id));
        // Others may have ended meanwhile.
        Assert.Empty(Children().Except(before));
        Directory.Delete(At(299));
        File.Move(At(1000), At(0));
        File.Move(At(1150), At(150));
        File.Move(At(1299), At(299));
        program.Restore();
        Assert.Equal("ok", program.Check());
    }

    /// <summary>One that is executed looks as it should and can't be opened for writing.</summary>
    [FactWith("python3")]
    public void OneThatCannotBeOpenedEndsTheRestoreAndNothingIsLeftBehind()
    {
        using var program = new SelfCheckingProgram("""
                import shutil; shutil.copy('/bin/sleep', 'file200'); os.chmod('file200', 0o755)
                files = [os.open('file%d' % i, os.O_RDWR | os.O_CREAT) for i in range(300)]
                wait()
                same([os.readlink('/proc/self/fd/%d' % f) for f in files], [d + '/file%d' % i for i in range(300)])
            """);
        program.Save();
        using (var running = System.Diagnostics.Process.Start(Path.Combine(program.Folder, "file200"), "100"))
        {
            var before = Children();
            var error = Assert.Throws<CrKernelException>(() => program.Restore());
            Assert.Equal(Errno.ETXTBSY, error.Errno);
            Assert.Contains("file200", error.Message, StringComparison.Ordinal);
            // Others may have ended meanwhile.
            Assert.Empty(Children().Except(before));
            running.Kill();
            running.WaitForExit();
        }
        program.Restore();
        Assert.Equal("ok", program.Check());
    }

    [FactWith("python3")]
    public void APreviewStartsNoProcess()
    {
        using var program = new SelfCheckingProgram(ManyFilesTests.Row);
        program.Save();
        var before = Children();
        Assert.Empty(new TreeRestore(new()).Preview(program.Image).Obstacles);
        Assert.Empty(Children().Except(before));
        program.Restore();
        Assert.Equal("ok", program.Check());
    }

    private static List<int> Children()
    {
        using var proc = new ProcReader();
        var all = new List<int>();
        ProcTasks.ListAll(proc, all);
        all.RemoveAll(pid => !ProcStat.TryRead(proc, pid, out var stat) || stat.ParentPid != Environment.ProcessId);
        return all;
    }
}
