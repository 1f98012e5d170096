using CrProperty.Module;
using Xunit;

namespace CrProperty.Shell;

/// <summary>A limit of file sizes (ulimit -f, RLIMIT_FSIZE): the kernel ends a program that writes beyond it, unless that hears of it.</summary>
public sealed class FileSizeLimitTests
{
    [Fact]
    public void AnImageBeyondItIsAnErrorAndLeavesNothing()
    {
        using var directory = new TemporaryDirectory();
        var result = ShellProcess.Command($$"""
            Import-Module '{{ModuleSession.Folder}}'
            prlimit --fsize=200000 --pid $PID
            # The signal of the last write must not reach a shell that has gone on.
            $told = foreach ($round in 1..20) { try { New-CrRandomImage {{directory.Path}}/large.cr -Seed 4 -MaxTask 20 -ErrorAction Stop } catch { "$($_.FullyQualifiedErrorId) $($_.Exception.Errno)" } }
            $told.Count
            $told | Select-Object -Unique
            (New-CrRandomImage {{directory.Path}}/small.cr -Seed 4 -MaxTask 1 -MaxPage 1).TaskCount
            """);
        Assert.Equal(0, result.ExitCode);
        Assert.Equal(["20", "CrImageWriteFailed,CrModule.Commands.NewCrRandomImageCommand EFBIG", "1"], result.Lines);
        Assert.Equal(["small.cr"], Directory.EnumerateFiles(directory.Path).Select(Path.GetFileName));
    }
}
