using System.Text.Json;
using CrShell.Session;
using Xunit;

namespace CrProperty.Shell;

/// <summary>What stands after -File reaches the script as it was written.</summary>
public sealed class ArgumentTests
{
    private const string Script = """
        param([string] $Name = 'none', [int] $Count = 1, [switch] $Fast)
        ConvertTo-Json -Compress @($Name, $Count, $Fast.IsPresent, $args, [IO.Path]::GetFileName($PSCommandPath))
        """;

    [Theory]
    [InlineData(new string[0], """["none",1,false,[],"s.ps1"]""")]
    [InlineData(new[] { "-Name", "a b" }, """["a b",1,false,[],"s.ps1"]""")]
    [InlineData(new[] { "-Fast", "-Count", "-5" }, """["none",-5,true,[],"s.ps1"]""")]
    [InlineData(new[] { "-Fast:$false", "-Name:x" }, """["x",1,false,[],"s.ps1"]""")]
    [InlineData(new[] { "$HOME; exit 3", "2", "*", "-Other" }, """["$HOME; exit 3",2,false,["*","-Other"],"s.ps1"]""")]
    public void OfAScript(string[] arguments, string expected)
    {
        using var directory = new TemporaryDirectory();
        var result = ShellProcess.Run(["-NoProfile", "-File", directory.File("s.ps1", Script), .. arguments]);
        Assert.Equal("", result.Error);
        Assert.Equal(expected, JsonSerializer.Serialize(JsonDocument.Parse(result.Output)));
    }

    [Fact]
    public void AScriptNeedsNoOption()
    {
        using var directory = new TemporaryDirectory();
        Assert.Equal(["x"], ShellProcess.Run([directory.File("s.ps1", "$args"), "x"]).Lines);
    }

    [Theory]
    [InlineData("-5", null, "-5")]
    [InlineData("--", null, "--")]
    [InlineData("-Name", "-Name", null)]
    [InlineData("-a;b:c", "-a;b:c", null)]
    public void WordsAndParametersAreToldApart(string word, string? name, object? value)
    {
        var parameter = Assert.Single(ScriptArguments.Parse([word]).Words);
        Assert.Equal((name, value), (parameter.Name, parameter.Value));
    }

    [Theory]
    [InlineData("-Name:v:w", " -Name:'v:w'")]
    [InlineData("-Name:it's; exit", " -Name:'it''s; exit'")]
    [InlineData("-Fast:$False", " -Fast:$False")]
    [InlineData("-Fast:$x", " -Fast:'$x'")]
    public void AValueAfterAColonIsQuoted(string word, string expected)
        => Assert.Equal(expected, ScriptArguments.Parse([word]).Bound);
}
