using Xunit;

namespace CrProperty.Shell;

/// <summary>Questions: nothing but a yes is a yes.</summary>
public sealed class PromptTests
{
    [Theory]
    [InlineData("y\n", false)]
    [InlineData("Yes\n", false)]
    [InlineData("a\n", false)]
    [InlineData("\n", false)] // Enter takes the default, which is Yes.
    [InlineData("n\n", true)]
    [InlineData("nonsense\nn\n", true)]
    [InlineData("?\nl\n", true)]
    [InlineData("nonsense\n", true)]
    [InlineData("", true)]
    public void AConfirmation(string input, bool kept)
    {
        using var directory = new TemporaryDirectory();
        var file = directory.File("kept", "");
        var result = ShellProcess.Command($"Remove-Item '{file}' -Confirm; 'went on'", input);
        Assert.Contains("[Y] Yes", result.Output, StringComparison.Ordinal);
        Assert.EndsWith("went on\n", result.Output, StringComparison.Ordinal);
        Assert.Equal(kept, File.Exists(file));
    }

    [Fact]
    public void NonInteractiveMakesAQuestionAnError()
    {
        using var directory = new TemporaryDirectory();
        var file = directory.File("kept", "");
        var result = ShellProcess.Run(["-NonInteractive", "-Command", $"Remove-Item '{file}' -Confirm"], "y\n");
        Assert.True(File.Exists(file));
        Assert.Contains("-NonInteractive", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIfAsksNothingAndDoesNothing()
    {
        using var directory = new TemporaryDirectory();
        var file = directory.File("kept", "");
        var result = ShellProcess.Command($"Remove-Item '{file}' -WhatIf");
        Assert.StartsWith("What if: ", result.Output);
        Assert.True(File.Exists(file));
    }

    [Fact]
    public void AMandatoryParameterIsAskedFor()
    {
        const string text = "function f([Parameter(Mandatory)][int] $Number, [Parameter(Mandatory)][string[]] $List) { \"$($Number + 1) $($List -join '+')\" }; f";
        Assert.EndsWith("42 a+b\n", ShellProcess.Command(text, "41\na\nb\n\n").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void AMandatoryParameterIsAnErrorAtTheEndOfInput()
    {
        var result = ShellProcess.Command("function f([Parameter(Mandatory)] $Number) { 'ran' }; f");
        Assert.Equal(1, result.ExitCode);
        Assert.DoesNotContain("ran", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void ReadHostTakesALine()
        => Assert.EndsWith("<Ada>\n", ShellProcess.Command("\"<$(Read-Host Name)>\"", "Ada\n").Output, StringComparison.Ordinal);
}
