using Xunit;

namespace CrProperty.Shell;

/// <summary>Commands from standard input: a pipe or a terminal.</summary>
public sealed class InteractiveTests
{
    [Fact]
    public void CommandsComeFromAPipeWithoutAPrompt()
    {
        var result = ShellProcess.Run([], "$x = 20\n$x + 1\nif ($x) {\n  'over lines'\n}\nGet-NoSuchCommand\n$?\nexit 4\n'not reached'\n");
        Assert.Equal(["21", "over lines", "False"], result.Lines);
        Assert.Equal(4, result.ExitCode);
    }

    [Fact]
    public void EndOfInputEndsTheShell() => Assert.Equal(0, ShellProcess.Run([], "throw 'no'\n1\n").ExitCode);

    [Fact]
    public void ATerminalHasAPromptEditingAndHistory()
    {
        // "21*3", cursor left twice, Delete, "+", Enter: 21+3. Then the arrow up brings it back, with "0" after it.
        using var shell = ShellProcess.StartOnTerminal([], 80);
        shell.Expect("PS ");
        shell.Send("21*3\e[D\e[D\e[3~+\r");
        shell.Expect("\n24");
        shell.Expect("PS ");
        shell.Send("\e[A0\rexit 5\r");
        var result = shell.Finish();
        Assert.Contains("51", result.Lines);
        Assert.Equal(5, result.ExitCode);
    }

    [Fact]
    public void CtrlCGivesUpTheLineAndCtrlDEndsTheShell()
    {
        using var shell = ShellProcess.StartOnTerminal([], 80);
        shell.Expect("PS ");
        shell.Send("'not ' + 'run'\u0003");
        shell.Expect("^C"); // The line was drawn with a prompt at every key.
        shell.Expect("PS ");
        shell.Send("'was ' + 'run'\r");
        shell.Expect("was run");
        shell.Expect("PS ");
        shell.Send("\u0004");
        var result = shell.Finish();
        Assert.DoesNotContain("not run", result.Output, StringComparison.Ordinal);
        Assert.Contains("was run", result.Output, StringComparison.Ordinal);
        Assert.Equal(0, result.ExitCode);
    }
}
