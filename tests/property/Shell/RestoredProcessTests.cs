using CrProperty.Kernel;
using CrProperty.Namespaces;
using Xunit;

namespace CrProperty.Shell;

/// <summary>
/// A restored process has the id of one that this shell has started and seen end; the runtime still holds the end of that one.
/// Who restores under ids of before does so in a pid namespace where no other test's process can have taken them meanwhile.
/// </summary>
public sealed class RestoredProcessTests
{
    [FactInNamespaces]
    public void IsFoundStoppedAndWaitedFor()
    {
        using var directory = new TemporaryDirectory();
        Directory.CreateSymbolicLink(directory.File("CrModule"), AppContext.BaseDirectory);
        var image = directory.File("x.cr");
        var result = ShellProcess.RunAlone(
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
        Assert.True(result.Error.Length == 0, result.Error);
        Assert.Equal(["137", "True", "1", "ended"], result.Lines);
    }

    /// <summary>A tree without a session of its own comes back into the shell's, which has a terminal here.</summary>
    [FactWith("python3", "script")]
    public void GoesRoundOnATerminal()
    {
        using var directory = new TemporaryDirectory();
        Directory.CreateSymbolicLink(directory.File("CrModule"), AppContext.BaseDirectory);
        var result = ShellProcess.OnTerminal(["-Command", "(New-CrTreePlan -Json '{}' | Test-CrRoundTrip).ToString()"], 120,
            environment: new Dictionary<string, string> { ["PSModulePath"] = directory.Path });
        Assert.Contains("passed", result.Output, StringComparison.Ordinal);
    }

    /// <summary>
    /// As where a script leaves a job in the background and ends: session and group keep their numbers without a leader, and
    /// no new process can be given those.
    /// </summary>
    [FactInNamespaces]
    public void KeepsTheSessionOfAnEndedLeader()
    {
        using var directory = new TemporaryDirectory();
        Directory.CreateSymbolicLink(directory.File("CrModule"), AppContext.BaseDirectory);
        var script = directory.File("s.ps1", """
            param($Image)
            function Get-Ids($Id) { ((Get-Content "/proc/$Id/stat" -Raw) -replace '^.*\) ' -split ' ')[2, 3] -join ' ' }
            $p = Start-Process sleep 1000 -PassThru
            try {
                $session = [int](Get-Ids $p.Id).Split(' ')[1]
                "leader ended: $(-not (Test-Path /proc/$session))"
                $before = Get-Ids $p.Id
                $p | Checkpoint-ProcessTree -Path $Image -Stop -ExternalPipe Close -WarningAction Ignore | Out-Null
                $p.WaitForExit()
                foreach ($try in 1..300) { if (-not (Test-Path "/proc/$($p.Id)")) { break }; Start-Sleep -Milliseconds 100 }
                Restore-ProcessTree $Image -WarningAction Ignore | Out-Null
                "same: $((Get-Ids $p.Id) -eq $before)"
            }
            catch { "$_" }
            finally { Stop-Process -Id $p.Id -ErrorAction Ignore }
            """);
        var output = directory.File("out", "");
        // The first sh leads the session and ends at once; the second waits for that.
        var result = ShellProcess.RunFirst(
            ["sh", "-c", """
            setsid sh -c '(while [ -e /proc/$$ ]; do sleep 0.1; done; "$1" -File "$2" "$3"; echo done) </dev/null >"$4" 2>&1 &' sh "$@"
            n=0; until [ "$(tail -n 1 "$4")" = done ] || [ $n -gt 1000 ]; do sleep 0.1; n=$((n + 1)); done
            """, "sh", ShellProcess.Executable, script, directory.File("x.cr"), output],
            new Dictionary<string, string> { ["PSModulePath"] = directory.Path });
        var said = File.ReadAllText(output);
        Assert.True(said == "leader ended: True\nsame: True\ndone\n", said + result.Error);
    }
}
