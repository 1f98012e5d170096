using System.Management.Automation;
using System.Xml.Linq;
using Xunit;

namespace CrProperty.Module;

/// <summary>The help that Get-Help finds, and the pages it is made from.</summary>
public class HelpTests
{
    public static TheoryData<string> Commands => [.. Directory.GetFiles(Pages, "*.md").Select(f => Path.GetFileNameWithoutExtension(f)!).Order(StringComparer.Ordinal)];

    private static string Pages { get; } = Path.Combine(Repository.Root, "docs", "cmdlets");

    [Theory]
    [MemberData(nameof(Commands))]
    public void Get_Help_shows_synopsis_parameters_and_examples(string command)
    {
        using var session = new ModuleSession();
        var help = session.Run("Get-Help -Name $args[0] -Full", command).Output.Single();
        Assert.False(string.IsNullOrWhiteSpace((string)help.Properties["Synopsis"].Value));
        Assert.True(Items(help, "examples", "example").Length >= 3);
        Assert.All(Items(help, "parameters", "parameter").Cast<PSObject>(), p => Assert.NotEmpty(p.Properties["description"].Value.ToString()!));
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void The_page_shows_the_syntax_that_the_command_has(string command)
    {
        using var session = new ModuleSession();
        var sets = ((CommandInfo)session.Run("Get-Command -Name $args[0]", command).Output.Single().BaseObject).ParameterSets;
        var expected = sets.Select(s => $"{command} {s}").Order(StringComparer.Ordinal);
        var page = File.ReadAllText(Path.Combine(Pages, command + ".md"));
        var fence = page.IndexOf("```", page.IndexOf("## Syntax", StringComparison.Ordinal), StringComparison.Ordinal) + 3;
        // Sets are parted by empty lines; a long one is broken where a reader likes it.
        var shown = page[fence..page.IndexOf("```", fence, StringComparison.Ordinal)].Split("\n\n")
            .Select(block => string.Join(' ', block.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)));
        Assert.Equal(string.Join('\n', expected), string.Join('\n', shown.Order(StringComparer.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void Every_example_parses(string command)
    {
        using var session = new ModuleSession();
        foreach (var code in HelpXml().Descendants().Where(e => e.Name.LocalName == "command" && e.Elements().First().Elements().First().Value == command)
            .Descendants().Where(e => e.Name.LocalName == "code"))
        {
            System.Management.Automation.Language.Parser.ParseInput(code.Value, out _, out var errors);
            Assert.Empty(errors);
        }
    }

    [Theory]
    [InlineData("about_CrModule")]
    [InlineData("about_CrImage")]
    [InlineData("about_CrTroubleshooting")]
    public void Topics_are_found(string topic)
    {
        using var session = new ModuleSession();
        var text = session.Run("Get-Help -Name $args[0]", topic).Output.Single().ToString();
        Assert.Contains($"TOPIC\n    {topic}\n", text.ReplaceLineEndings("\n"), StringComparison.Ordinal);
    }

    /// <summary>An only item is not in an array.</summary>
    private static Array Items(PSObject help, string group, string item)
        => ((PSObject)help.Properties[group].Value).Properties[item].Value is var value && value is Array several ? several : new[] { value };

    private static XElement HelpXml() => XElement.Load(Path.Combine(Path.GetDirectoryName(ModuleSession.Folder)!, "en-US", "CrModule.dll-Help.xml"));
}
