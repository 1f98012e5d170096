using System.Diagnostics;
using CrProperty.Kernel;
using CrProperty.Module;
using CrProperty.Objects.Terminals;
using Xunit;

namespace CrProperty.Shell;

/// <summary>Trees that use a terminal, saved in one and restored on another by a shell that a person sits at.</summary>
public sealed class TerminalJourneyTests : IDisposable
{
    private readonly ScratchFolder _folder = new();
    private readonly PtyMaster _terminal = new();
    private readonly string _image;
    private readonly int _program;

    public TerminalJourneyTests()
    {
        _image = _folder.File("x.cr");
        // It says what it finds on its standard output, over and over, and answers a line that is typed.
        var script = _folder.File("talk.py");
        File.WriteAllText(script, """
            import os, select, sys, time
            os.closerange(3, 256)
            open(sys.argv[1], 'w').write(str(os.getpid()))
            n = 0
            while True:
                n += 1
                os.write(1, b'tick %d on %s\n' % (n, os.readlink('/proc/self/fd/1').encode()))
                time.sleep(0.1)
            """);
        using var start = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", $"setsid python3 {script} {_folder.File("pid")} <{_terminal.Slave} >{_terminal.Slave} 2>&1 &"]))!;
        start.WaitForExit();
        LiveProcess.WaitUntil(() => File.Exists(_folder.File("pid")) && File.ReadAllText(_folder.File("pid")).Length > 0);
        _program = int.Parse(File.ReadAllText(_folder.File("pid")), System.Globalization.CultureInfo.InvariantCulture);
    }

    public void Dispose()
    {
        try
        {
            using var left = Process.GetProcessById(_program);
            left.Kill();
        }
        catch (ArgumentException)
        {
            // It has ended.
        }
        _terminal.Dispose();
        _folder.Dispose();
    }

    [FactWith("python3", "script")]
    public void A_program_goes_on_writing_to_the_terminal_that_it_is_restored_on()
    {
        Save();
        using var shell = ShellProcess.StartOnTerminal(["-Command", $"{Import}; $tree = Restore-ProcessTree '{_image}'; $tree.Id; tty; Start-Sleep 600"], 80);
        shell.Expect($"{_program}");
        shell.Expect("/dev/pts/");
        shell.Expect("tick ");
        shell.Expect("on /dev/pts/");
        Assert.DoesNotContain(_terminal.Slave, Directory.ResolveLinkTarget($"/proc/{_program}/fd/1", false)!.FullName, StringComparison.Ordinal);
        Assert.StartsWith("/dev/pts/", Directory.ResolveLinkTarget($"/proc/{_program}/fd/1", false)!.FullName, StringComparison.Ordinal);
    }

    [FactWith("python3", "script")]
    public void Ctrl_C_at_the_terminal_ends_the_waiting_and_the_tree_runs_on()
    {
        Save();
        using var shell = ShellProcess.StartOnTerminal(["-Command", $"{Import}; Restore-ProcessTree '{_image}' -Terminal Null -Wait -Verbose; 'not reached'"], 80);
        shell.Expect("Waiting for");
        shell.Send("\u0003");
        var result = shell.Finish();
        Assert.Equal(130, result.ExitCode);
        Assert.DoesNotContain("not reached", result.Output, StringComparison.Ordinal);
        Assert.Equal("python3", File.ReadAllText($"/proc/{_program}/comm").TrimEnd());
        Assert.Equal("/dev/null", Directory.ResolveLinkTarget($"/proc/{_program}/fd/1", false)!.FullName);
    }

    [FactWith("python3", "script")]
    public void Without_a_choice_a_terminal_is_an_obstacle()
    {
        var result = ShellProcess.Command($"{Import}; Checkpoint-ProcessTree -Id {_program} -Path '{_image}'");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("-Terminal", result.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_image));
    }

    private static string Import => $"Import-Module '{ModuleSession.Folder}'";

    private void Save()
    {
        var result = ShellProcess.Command($"{Import}; Checkpoint-ProcessTree -Id {_program} -Path '{_image}' -Terminal Inherit -Stop | Out-Null");
        Assert.Equal("", result.Error);
        LiveProcess.WaitUntil(() => !File.Exists($"/proc/{_program}/stat"));
    }
}
