using System.Globalization;
using Xunit;

namespace CrProperty.Module;

/// <summary>What the Tab key offers.</summary>
public class CompletionTests
{
    [Fact]
    public void Process_ids_are_offered_with_their_names()
    {
        using var session = new ModuleSession();
        using var process = LiveProcess.Sleep();
        var id = process.Id.ToString(CultureInfo.InvariantCulture);
        var match = Assert.Single(session.Complete($"Checkpoint-ProcessTree -Id {id}"), m => m.CompletionText == id);
        Assert.Equal($"{id} ({process.Process.ProcessName})", match.ListItemText);
    }

    [Fact]
    public void The_start_of_a_name_offers_the_ids_of_such_processes()
    {
        using var session = new ModuleSession();
        using var process = LiveProcess.Sleep();
        var matches = session.Complete("Checkpoint-ProcessTree -Id SLE");
        Assert.Contains(matches, m => m.CompletionText == process.Id.ToString(CultureInfo.InvariantCulture));
        Assert.All(matches, m => Assert.True(int.TryParse(m.CompletionText, NumberStyles.None, CultureInfo.InvariantCulture, out _)));
    }

    [Fact]
    public void The_shell_itself_is_not_offered()
    {
        using var session = new ModuleSession();
        var id = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        Assert.DoesNotContain(session.Complete($"Checkpoint-ProcessTree -Id {id}"), m => m.CompletionText == id);
    }

    [Theory]
    [InlineData("Restore-ProcessTree -Path")]
    [InlineData("Restore-ProcessTree -LiteralPath")]
    [InlineData("Checkpoint-ProcessTree -Id 1 -Path")]
    public void Image_paths_are_offered_and_other_files_are_not(string line)
    {
        using var session = new ModuleSession();
        using var folder = new ScratchFolder();
        File.WriteAllText(folder.File("web.cr"), "");
        File.WriteAllText(folder.File("web.log"), "");
        Directory.CreateDirectory(folder.File("web"));
        var names = session.Complete($"{line} {folder.File("we")}").Select(m => m.ListItemText);
        Assert.Equal(["web", "web.cr"], names.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("Get-CrImageHeader x.cr -KeyFile")]
    [InlineData("Restore-ProcessTree x.cr -PidFile")]
    [InlineData("Export-CrImageReport x.cr -DestinationPath")]
    [InlineData("New-CrTreePlan -LiteralPath")]
    public void Other_paths_are_offered_whatever_their_names(string line)
    {
        using var session = new ModuleSession();
        using var folder = new ScratchFolder();
        File.WriteAllText(folder.File("web.cr"), "");
        File.WriteAllText(folder.File("web.key"), "");
        Directory.CreateDirectory(folder.File("web"));
        var names = session.Complete($"{line} {folder.File("we")}").Select(m => m.ListItemText);
        Assert.Equal(["web", "web.cr", "web.key"], names.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Names_with_special_characters_come_quoted_and_escaped()
    {
        using var session = new ModuleSession();
        using var folder = new ScratchFolder();
        File.WriteAllText(folder.File("my [web].cr"), "");
        Assert.Equal($"'{folder.Path}/my `[web`].cr'", Assert.Single(session.Complete($"Restore-ProcessTree -Path {folder.Path}/m")).CompletionText);
        Assert.Equal($"'{folder.Path}/my [web].cr'", Assert.Single(session.Complete($"Restore-ProcessTree -LiteralPath {folder.Path}/m")).CompletionText);
    }

    [Fact]
    public void Policies_are_offered()
    {
        using var session = new ModuleSession();
        Assert.Equal(["Fail", "Given", "Inherit", "Null"],
            session.Complete("Checkpoint-ProcessTree -Terminal ").Select(m => m.CompletionText).Order(StringComparer.Ordinal));
    }
}
