using Xunit;

namespace CrProperty.Shell;

/// <summary>The codes that about_Pwsh promises, and 130 for Ctrl+C.</summary>
public sealed class ExitCodeTests
{
    [Theory]
    [InlineData("1", 0)]
    [InlineData("exit", 0)]
    [InlineData("exit 3", 3)]
    [InlineData("function f { exit 5 }; f; exit 6", 5)]
    [InlineData("throw 'no'", 1)]
    [InlineData("if (1) {", 1)]
    [InlineData("Get-NoSuchCommand", 1)]
    [InlineData("Get-NoSuchCommand; 'still here'", 0)]
    [InlineData("sh -c 'exit 9'", 1)]
    [InlineData("sh -c 'exit 9'; exit $LASTEXITCODE", 9)]
    public void OfACommand(string text, int expected)
        => Assert.Equal(expected, ShellProcess.Command(text).ExitCode);

    [Theory]
    [InlineData("exit 7", 7)]
    [InlineData("exit 0", 0)]
    [InlineData("throw 'no'", 1)]
    [InlineData("sh -c 'exit 9'", 0)]
    [InlineData("sh -c 'exit 9'; Get-NoSuchCommand", 0)]
    [InlineData("& { exit 4 }; 'not reached'", 4)]
    public void OfAScript(string text, int expected)
    {
        using var directory = new TemporaryDirectory();
        Assert.Equal(expected, ShellProcess.Run(["-File", directory.File("it's a script.ps1", text)]).ExitCode);
    }

    [Theory]
    [InlineData("-File", "/nonexistent/script.ps1")]
    [InlineData("-NoSuchOption")]
    [InlineData("-Command")]
    [InlineData("-No")]
    public void OfAWrongCommandLine(params string[] arguments)
    {
        var result = ShellProcess.Run(arguments);
        Assert.Equal(64, result.ExitCode);
        Assert.StartsWith("crshell: ", result.Error);
        Assert.Empty(result.Output);
    }

    [Theory]
    [InlineData("-Version", "crshell ")]
    [InlineData("-Help", "Usage: crshell")]
    [InlineData("--help", "Usage: crshell")]
    public void OfAQuestionAboutTheShell(string option, string start)
    {
        var result = ShellProcess.Run([option]);
        Assert.Equal(0, result.ExitCode);
        Assert.StartsWith(start, result.Output);
    }
}
