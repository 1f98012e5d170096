using Xunit;

namespace CrProperty.Shell;

/// <summary>
/// A restored process has the id of one that this shell has started and seen end; the runtime still holds the end of that one.
/// </summary>
public sealed class RestoredProcessTests
{
    [RootFact]
    public void IsFoundStoppedAndWaitedFor()
    {
        using var directory = new TemporaryDirectory();
        Directory.CreateSymbolicLink(directory.File("CrModule"), AppContext.BaseDirectory);
        var image = directory.File("x.cr");
        var result = ShellProcess.Run(
            ["-Command", $$"""
                $streams = @{ RedirectStandardInput = '/dev/null'; RedirectStandardOutput = '/dev/null'; RedirectStandardError = '/dev/null' }
                $p = Start-Process sleep 1000 -PassThru @streams
                try {
                    $p | Checkpoint-ProcessTree -Path '{{image}}' -Stop -ExternalPipe Close -WarningAction Ignore | Out-Null
                    $p.WaitForExit(); $p.ExitCode
                    foreach ($try in 1..300) { if (-not (Test-Path "/proc/$($p.Id)")) { break }; Start-Sleep -Milliseconds 100 }
                    $tree = Restore-ProcessTree '{{image}}' -WarningAction Ignore
                    $tree.Id -eq $p.Id
                    $tree | Wait-Process -Timeout 0 -ErrorAction SilentlyContinue -ErrorVariable late; $late.Count
                    $tree | Stop-Process
                    $tree | Wait-Process -Timeout 60
                    'ended'
                }
                finally {
                    Stop-Process -Id $p.Id -ErrorAction Ignore
                }
                """],
            environment: new Dictionary<string, string> { ["PSModulePath"] = directory.Path });
        Assert.Equal("", result.Error);
        Assert.Equal(["137", "True", "1", "ended"], result.Lines);
    }
}

/// <summary>A fact that only root can establish: it is about a process id that is chosen.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute() => Skip = Environment.IsPrivilegedProcess ? null : "needs root, who alone may choose process ids";
}
