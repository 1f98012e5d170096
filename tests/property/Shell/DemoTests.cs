using Xunit;

namespace CrProperty.Shell;

/// <summary>The first thing that a reader of the README tries: a pipeline that counts goes on with the next number.</summary>
public sealed class DemoTests
{
    [Fact]
    public void TheTreeGoesOnWhereItWas()
    {
        using var directory = new TemporaryDirectory();
        Directory.CreateSymbolicLink(directory.File("CrModule"), AppContext.BaseDirectory);
        var result = ShellProcess.Run(
            ["-File", Path.Combine(Repository.Root, "examples", "demo.ps1"), "-Folder", directory.File("demo")],
            environment: new Dictionary<string, string> { ["PSModulePath"] = directory.Path });
        Assert.Equal(("", 0), (result.Error, result.ExitCode));
        Assert.Matches(@"The same \d+ process ids, \d+ numbers in order", result.Lines[^1]);
        Assert.False(Directory.Exists(directory.File("demo")), "The demonstration left its folder behind.");
    }
}
