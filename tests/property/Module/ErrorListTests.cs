using System.Management.Automation;
using System.Text.RegularExpressions;
using CrCore;
using CrModule.Pipeline;
using Xunit;

namespace CrProperty.Module;

/// <summary>docs/errors.md tells of every id that the code has, and of no other.</summary>
public partial class ErrorListTests
{
    private static readonly string[] Libraries = ["CrCore", "CrFuzz", "CrHarness", "CrModule"];

    /// <summary>What looks like an id in the code and is the name of something else.</summary>
    private static readonly string[] OtherNames = ["CrCore", "CrFuzz", "CrHarness", "CrModule", "CrProperty"];

    [Fact]
    public void Every_id_of_the_code_is_told_of()
        => Assert.Empty(IdsOfTheCode().Except(Rows().Select(r => r.Id), StringComparer.Ordinal).Order(StringComparer.Ordinal));

    [Fact]
    public void Every_id_that_is_told_of_is_in_the_code()
        => Assert.Empty(Rows().Select(r => r.Id).Except(IdsOfTheCode(), StringComparer.Ordinal).Order(StringComparer.Ordinal));

    [Fact]
    public void No_id_stands_twice()
        => Assert.Empty(Rows().GroupBy(r => r.Id).Where(g => g.Count() > 1).Select(g => g.Key));

    [Fact]
    public void Every_row_says_when_and_what_to_do()
        => Assert.All(Rows(), r => Assert.All([r.Way, r.Category, r.When, r.What], Assert.NotEmpty));

    [Fact]
    public void Categories_are_those_of_the_one_table()
    {
        string[] known = ["–", "by errno", "of the first obstacle", .. Enum.GetValues<CrErrorKind>().Select(k => ErrorRecords.CategoryOf(k).ToString())];
        Assert.All(Rows(), r => Assert.All(r.Category.Split(", "), c => Assert.Contains(c, known)));
    }

    /// <summary>Where the exception's type decides the category, the row has it.</summary>
    [Theory]
    [InlineData("CrImageException", ErrorCategory.InvalidData)]
    [InlineData("CrTargetException", ErrorCategory.OperationStopped)]
    public void A_row_has_the_category_that_its_exception_has(string exception, ErrorCategory category)
    {
        var rows = Rows().ToDictionary(r => r.Id, StringComparer.Ordinal);
        var thrown = Sources().SelectMany(s => Regex.Matches(s, $"""new {exception}\(\s*"(?<id>Cr\w+)"\s*,""")).Select(m => m.Groups["id"].Value).Distinct().ToArray();
        Assert.NotEmpty(thrown);
        Assert.All(thrown, id => Assert.Contains(category.ToString(), rows[id].Category.Split(", ")));
        Assert.All(thrown, id => Assert.Contains("error", rows[id].Way.Split(", ")));
    }

    [Fact]
    public void Every_obstacle_that_an_inspection_finds_is_told_of_as_one()
    {
        var rows = Rows().ToDictionary(r => r.Id, StringComparer.Ordinal);
        Assert.All(Sources().SelectMany(s => Refusal().Matches(s)).Select(m => m.Groups["id"].Value), id => Assert.Contains("obstacle", rows[id].Way.Split(", ")));
        Assert.All(Sources().SelectMany(s => Warning().Matches(s)).Select(m => m.Groups["id"].Value), id => Assert.Contains("warning", rows[id].Way.Split(", ")));
    }

    /// <summary>Ids begin alike, so that a script's search finds them: a call that raises an error gives no other.</summary>
    [Fact]
    public void Every_id_begins_with_Cr()
        => Assert.All(Sources().SelectMany(s => RaisedId().Matches(s)), m => Assert.StartsWith("Cr", m.Groups["id"].Value, StringComparison.Ordinal));

    private sealed record Row(string Id, string Way, string Category, string When, string What);

    private static List<Row> Rows()
        => [.. File.ReadLines(Path.Combine(Repository.Root, "docs", "errors.md")).Select(line => TableRow().Match(line)).Where(m => m.Success)
            .Select(m => new Row(m.Groups[1].Value, m.Groups[2].Value, m.Groups[3].Value, m.Groups[4].Value, m.Groups[5].Value))];

    private static HashSet<string> IdsOfTheCode()
        => [.. Sources().SelectMany(s => Literal().Matches(s)).Select(m => m.Groups["id"].Value).Except(OtherNames, StringComparer.Ordinal)];

    private static IEnumerable<string> Sources()
        => Libraries.SelectMany(name => Directory.EnumerateFiles(Path.Combine(Repository.Root, "src", name), "*.cs", SearchOption.AllDirectories))
            .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal))
            .Select(f => CommandNoun().Replace(DocumentationLine().Replace(File.ReadAllText(f), ""), ""));

    [GeneratedRegex("^\\| `(\\w+)` \\| (.+?) \\| (.+?) \\| (.+?) \\| (.+?) \\|$")]
    private static partial Regex TableRow();

    [GeneratedRegex("\"(?<id>Cr[A-Z0-9][A-Za-z0-9]+)\"")]
    private static partial Regex Literal();

    [GeneratedRegex("(KernelError\\.(Create|FromLast)|new Cr(Argument|Target|Image|Kernel|Preflight)Exception|new Obstacle)\\(\\s*\"(?<id>\\w+)\"\\s*,")]
    private static partial Regex RaisedId();

    [GeneratedRegex("inspection\\.Refuse(ForNow)?\\(\\w+, \"(?<id>Cr\\w+)\"")]
    private static partial Regex Refusal();

    [GeneratedRegex("(inspection|capture)\\.Warn\\(\\w+, \"(?<id>Cr\\w+)\"")]
    private static partial Regex Warning();

    [GeneratedRegex("^\\s*///.*$", RegexOptions.Multiline)]
    private static partial Regex DocumentationLine();

    [GeneratedRegex("\\[Cmdlet\\([^\\n]*")]
    private static partial Regex CommandNoun();
}
