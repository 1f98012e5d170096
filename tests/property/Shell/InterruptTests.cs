using System.Diagnostics;
using Xunit;

namespace CrProperty.Shell;

/// <summary>Ctrl+C, which the terminal turns into SIGINT.</summary>
public sealed class InterruptTests
{
    [Theory]
    [InlineData("Start-Sleep 1000")]
    [InlineData("while ($true) { }")]
    [InlineData("1..1000000000 | ForEach-Object { $_ } | Out-Null")]
    [InlineData("Get-Process -Id $PID | Wait-Process")]
    public void StopsThePipelineAndRunsItsFinally(string endless)
    {
        using var directory = new TemporaryDirectory();
        var cleaned = directory.File("cleaned");
        using var shell = ShellProcess.Start(["-Command", $"try {{ 'ready'; {endless} }} finally {{ [IO.File]::WriteAllText('{cleaned}', 'x') }}; 'not reached'"]);
        Assert.Equal("ready", shell.Output.ReadLine());
        Interrupt(shell.Id);
        var result = shell.Finish();
        Assert.Equal(130, result.ExitCode);
        Assert.DoesNotContain("not reached", result.Output, StringComparison.Ordinal);
        Assert.True(File.Exists(cleaned));
    }

    [Fact]
    public void EndsAScript()
    {
        using var directory = new TemporaryDirectory();
        using var shell = ShellProcess.Start(["-File", directory.File("s.ps1", "'ready'; Start-Sleep 1000")]);
        Assert.Equal("ready", shell.Output.ReadLine());
        Interrupt(shell.Id);
        Assert.Equal(130, shell.Finish().ExitCode);
    }

    private static void Interrupt(int id)
    {
        using var kill = Process.Start("/bin/kill", ["-INT", $"{id}"]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }
}
