using System.Text.RegularExpressions;
using Xunit;

namespace CrProperty.Shell;

/// <summary>What a reader of a command's page types works: each example, against a tree and images of its own.</summary>
public sealed class ExampleTests(ExampleTests.Session session) : IClassFixture<ExampleTests.Session>
{
    public static TheoryData<string> Commands
        => [.. Directory.GetFiles(Path.Combine(Repository.Root, "docs", "cmdlets"), "*.md").Select(f => Path.GetFileNameWithoutExtension(f)!).Order(StringComparer.Ordinal)];

    [ExampleTheory]
    [MemberData(nameof(Commands))]
    public void EveryExampleOfThePageWorks(string command)
    {
        var result = session.Result;
        var told = result.Lines.Where(l => Regex.IsMatch(l, $"^(works |FAILED) {Regex.Escape(command)}, ")).ToArray();
        Assert.True(told.Length >= 3, result.Output + result.Error);
        Assert.All(told, l => Assert.StartsWith("works ", l, StringComparison.Ordinal));
    }

    [ExampleTheory]
    [InlineData("^\\d+ examples, 0 failed$")]
    public void TheLastPageIsReached(string end)
    {
        Assert.True(session.Result.ExitCode == 0, session.Result.Output + session.Result.Error);
        Assert.Matches(end, session.Result.Lines[^1]);
    }

    /// <summary>One shell types all pages: most of the time of a single page would go into its start.</summary>
    public sealed class Session
    {
        private readonly Lazy<ShellResult> _result = new(Type);

        internal ShellResult Result => _result.Value;

        private static ShellResult Type()
        {
            using var directory = new TemporaryDirectory();
            Directory.CreateSymbolicLink(directory.File("CrModule"), AppContext.BaseDirectory);
            var examples = Path.Combine(Repository.Root, "tests", "examples");
            return ShellProcess.RunReaped(Path.Combine(examples, "reap.py"),
                ["-File", Path.Combine(examples, "Invoke-Example.ps1"), "-Folder", directory.File("examples")],
                new Dictionary<string, string>
                {
                    ["PSModulePath"] = directory.Path,
                    // Some examples call the shell by its name.
                    ["PATH"] = $"{AppContext.BaseDirectory}:{Environment.GetEnvironmentVariable("PATH")}",
                });
        }
    }
}

[AttributeUsage(AttributeTargets.Method)]
public sealed class ExampleTheoryAttribute : TheoryAttribute
{
    public ExampleTheoryAttribute()
        => Skip = !Environment.IsPrivilegedProcess ? "needs root, who alone may choose process ids"
            : !File.Exists("/usr/bin/python3") ? "needs /usr/bin/python3, which is not installed" : null;
}
