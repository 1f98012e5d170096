using System.Management.Automation;
using CrShell.Host;
using Xunit;

namespace CrProperty.Shell;

/// <summary>Where output goes, how wide it is, and when it is coloured.</summary>
public sealed class OutputTests
{
    private const string Table = "[pscustomobject]@{ Name = 'x' * 20; Text = 'y' * 300 } | Format-Table";

    private static readonly Dictionary<string, string> NoColor = new() { ["NO_COLOR"] = "1" };

    // The engine leaves the last column free, where some terminals wrap already.
    [Theory]
    [InlineData(40)]
    [InlineData(100)]
    public void ATableIsAsWideAsItsTerminal(int columns)
    {
        var result = ShellProcess.OnTerminal(["-Command", Table], columns, environment: NoColor);
        var row = result.Lines.Single(l => l.Contains("xxxx", StringComparison.Ordinal));
        Assert.Equal(columns - 1, row.TrimStart('\e', '[', '?', '1', 'h', '=').Length);
    }

    [Theory]
    [InlineData(null, 120)]
    [InlineData("77", 77)]
    [InlineData("nonsense", 120)]
    public void RedirectedOutputIsAsWideAsColumnsSays(string? columns, int expected)
    {
        var environment = columns is null ? null : new Dictionary<string, string> { ["COLUMNS"] = columns };
        var result = ShellProcess.Run(["-Command", Table], environment: environment);
        Assert.Equal(expected - 1, result.Lines.Single(l => l.StartsWith("xxxx", StringComparison.Ordinal)).Length);
    }

    [Fact]
    public void RedirectedOutputIsPlain()
    {
        var result = ShellProcess.Command($"{Table}; Write-Host red -ForegroundColor Red; Write-Warning w; Get-NoSuchCommand");
        Assert.DoesNotContain('\e', result.Output);
        Assert.DoesNotContain('\e', result.Error);
    }

    [Fact]
    public void ATerminalHasColourUnlessNoColorIsSet()
    {
        string[] command = ["-Command", "Write-Host red -ForegroundColor Red"];
        Assert.Contains("\e[91mred", ShellProcess.OnTerminal(command, 80).Output, StringComparison.Ordinal);
        Assert.DoesNotContain("\e[91m", ShellProcess.OnTerminal(command, 80, environment: NoColor).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void ErrorsGoToStandardErrorAndTheRestToOutput()
    {
        var result = ShellProcess.Command("'out'; Write-Error 'err'; Write-Warning 'warn'; Write-Verbose 'verb' -Verbose; Write-Verbose 'silent'; Write-Debug 'silent'");
        Assert.Equal(["out", "WARNING: warn", "VERBOSE: verb"], result.Lines);
        Assert.Contains("Write-Error: err", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void AnErrorInAScriptNamesFileAndLine()
    {
        using var directory = new TemporaryDirectory();
        var script = directory.File("s.ps1", "'one'\nthrow 'the reason'\n");
        var result = ShellProcess.Run(["-File", script]);
        Assert.Contains($"{script}:2", result.Error, StringComparison.Ordinal);
        Assert.Contains("the reason", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void ProgressIsDrawnOnATerminalOnly()
    {
        const string text = "Write-Progress -Activity Saving -Status now -PercentComplete 50; 'done'";
        Assert.Contains("Saving [##########          ]  50%", ShellProcess.OnTerminal(["-Command", text], 80).Output, StringComparison.Ordinal);
        var redirected = ShellProcess.Command(text);
        Assert.Equal(("done\n", ""), (redirected.Output, redirected.Error));
    }

    [Theory]
    [InlineData(-1, "Act Sta")]
    [InlineData(0, "Act [                    ]   0% Sta")]
    [InlineData(100, "Act [####################] 100% Sta")]
    public void AProgressLine(int percent, string expected)
        => Assert.Equal(expected, ProgressDisplay.Line(new ProgressRecord(0, "Act", "Sta") { PercentComplete = percent }, 80));

    [Fact]
    public void AProgressLineIsCutAtTheWidth()
        => Assert.Equal(10, ProgressDisplay.Line(new ProgressRecord(0, new string('a', 50), "s"), 10).Length);

    [Theory]
    [InlineData("abc", 3)]
    [InlineData("\e[31mabc\e[0m", 3)]
    [InlineData("漢字", 4)]
    [InlineData("🚀x", 3)]
    [InlineData("é", 1)]
    public void CellsOfAText(string text, int cells) => Assert.Equal(cells, CellWidth.Of(text));

    [Theory]
    [InlineData("", new[] { "" })]
    [InlineData("nine cell", new[] { "nine cell" })]
    [InlineData("one two three: ", new[] { "one two", "three: " })]
    [InlineData("日本 日本 日本", new[] { "日本 日本", "日本" })]
    [InlineData("unbreakable", new[] { "unbreakable" })]
    public void TextIsBrokenBetweenWords(string text, string[] lines) => Assert.Equal(lines, CellWidth.Lines(text, 10));
}
