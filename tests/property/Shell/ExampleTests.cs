using Xunit;

namespace CrProperty.Shell;

/// <summary>What a reader of a command's page types works: each example, against a tree and images of its own.</summary>
public sealed class ExampleTests
{
    /// <summary>All pages take ten minutes, each example with a tree and images of its own: every third is in the ordinary run, all with CR_EXAMPLES=all.</summary>
    public static TheoryData<string> Commands
        => [.. Directory.GetFiles(Path.Combine(Repository.Root, "docs", "cmdlets"), "*.md").Select(f => Path.GetFileNameWithoutExtension(f)!).Order(StringComparer.Ordinal)
            .Where((_, i) => i % 3 == 0 || Environment.GetEnvironmentVariable("CR_EXAMPLES") == "all")];

    [RootTheory]
    [MemberData(nameof(Commands))]
    public void EveryExampleOfThePageWorks(string command)
    {
        using var directory = new TemporaryDirectory();
        Directory.CreateSymbolicLink(directory.File("CrModule"), AppContext.BaseDirectory);
        var result = ShellProcess.Run(
            ["-File", Path.Combine(Repository.Root, "tests", "examples", "Invoke-Example.ps1"), "-Command", command, "-Folder", directory.File("examples")],
            environment: new Dictionary<string, string>
            {
                ["PSModulePath"] = directory.Path,
                // Some examples call the shell by its name.
                ["PATH"] = $"{AppContext.BaseDirectory}:{Environment.GetEnvironmentVariable("PATH")}",
            });
        Assert.True(result.ExitCode == 0, result.Output + result.Error);
        Assert.Matches(@"^[3-9]\d* examples, 0 failed$", result.Lines[^1]);
    }
}

[AttributeUsage(AttributeTargets.Method)]
public sealed class RootTheoryAttribute : TheoryAttribute
{
    public RootTheoryAttribute() => Skip = Environment.IsPrivilegedProcess ? null : "needs root, who alone may choose process ids";
}
