using CrShell.Session;
using Xunit;

namespace CrProperty.Shell;

/// <summary>The module that stands beside the shell is found by the names of its commands.</summary>
public sealed class ModulePathTests
{
    [Fact]
    public void AModuleOnThePathIsLoadedByItsCommand()
    {
        using var directory = new TemporaryDirectory();
        Directory.CreateSymbolicLink(directory.File("CrModule"), AppContext.BaseDirectory);
        var result = ShellProcess.Run(
            ["-Command", "Get-Module; (Get-Command Checkpoint-ProcessTree).ModuleName; [AppDomain]::CurrentDomain.GetAssemblies().Where({ $_.GetName().Name -eq 'CrCore' }).Count"],
            environment: new Dictionary<string, string> { ["PSModulePath"] = directory.Path });
        Assert.Equal("", result.Error);
        Assert.Equal("CrModule", result.Lines[0]);
    }

    [Theory]
    [InlineData(true, null)]
    [InlineData(true, "/elsewhere")]
    [InlineData(false, "/elsewhere")]
    public void TheFolderBesideTheShellComesFirst(bool present, string? before)
    {
        using var directory = new TemporaryDirectory();
        Directory.CreateDirectory(directory.File("CrModule"));
        if (present)
            directory.File("CrModule/CrModule.psd1", "@{}");
        var expected = (present, before) switch
        {
            (true, null) => directory.Path,
            (true, _) => $"{directory.Path}:{before}",
            _ => before,
        };
        Assert.Equal(expected, ModulePath.With(directory.File("shell/"), before));
    }
}
