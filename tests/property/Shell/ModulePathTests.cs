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

    [Fact]
    public void TheFirstFolderOfThatNameDecides()
    {
        using var directory = new TemporaryDirectory();
        Directory.CreateDirectory(directory.File("empty"));
        foreach (var place in new[] { "versions/CrModule/0.1.0", "first/CrModule", "second/CrModule" })
        {
            Directory.CreateDirectory(directory.File(place));
            directory.File(place + "/CrModule.psd1", "@{}");
        }
        string Path(params string[] names) => string.Join(':', names.Select(name => directory.File(name)));
        Assert.Equal(directory.File("first/CrModule/CrModule.psd1"), ModuleOnPath.Find(Path("empty", "missing", "first", "second")));
        Assert.Null(ModuleOnPath.Find(Path("versions", "first")));
        Assert.Null(ModuleOnPath.Find(Path("empty")));
        Assert.Null(ModuleOnPath.Find(null));
    }

    /// <summary>A program of the same name further on would be found first by the engine's own search.</summary>
    [Theory]
    [InlineData("", "CrModule")]
    [InlineData("$PSModuleAutoLoadingPreference = 'None'; ", "")]
    [InlineData("function Test-CrImage { 'mine' }; ", "mine")]
    public void ACommandOfTheModuleIsLookedUpThereFirst(string before, string expected)
    {
        using var directory = new TemporaryDirectory();
        Directory.CreateSymbolicLink(directory.File("CrModule"), AppContext.BaseDirectory);
        directory.File("Test-CrImage", "#!/bin/sh\necho program\n");
        File.SetUnixFileMode(directory.File("Test-CrImage"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var result = ShellProcess.Run(
            ["-Command", before + "$ran = Test-CrImage /dev/null 2>&1; if ($ran -is [string]) { $ran } else { \"$((Get-Module CrModule).Name)\" }"],
            environment: new Dictionary<string, string>
            {
                ["PSModulePath"] = directory.Path,
                ["PATH"] = directory.Path + ":" + Environment.GetEnvironmentVariable("PATH"),
            });
        Assert.Equal(expected.Length > 0 ? expected : "program", Assert.Single(result.Lines));
    }

    [Fact]
    public void TheEngineHasWhatTheHeadStartOpens()
        => Assert.NotNull(typeof(System.Management.Automation.PSObject).Assembly.GetType(HeadStart.AnalysisCache)?.TypeInitializer);

    /// <summary>Methods that a first look at a tree, or at its image, has compiled, in a shell of its own each time.</summary>
    [Theory]
    [InlineData("Checkpoint", "$engine.Preview($child.Id, [Threading.CancellationToken]::None)")]
    [InlineData("Restore", "[CrCore.Restore.TreeRestore]::new([CrCore.RestoreOptions]::new(), $null, $null).Preview($image, [Threading.CancellationToken]::None)")]
    public void ARehearsalGoesWhereTheCommandGoes(string command, string look)
    {
        using var directory = new TemporaryDirectory();
        Assert.InRange(Compiled($"[CrCore.Rehearsal]::{command}()"), 1, Compiled("") / 2);

        int Compiled(string before)
        {
            var result = ShellProcess.Command($$"""
                $image = '{{directory.File(Guid.NewGuid() + ".cr")}}'
                $child = Start-Process sleep 60 -PassThru
                Import-Module '{{Path.Combine(AppContext.BaseDirectory, "CrModule.psd1")}}'
                $engine = [CrCore.Checkpoint.TreeCheckpoint]::new([CrCore.CheckpointOptions]::new(), $null, $null)
                if ('{{command}}' -eq 'Restore') { $null = Checkpoint-ProcessTree $child.Id $image -ExternalPipe Null -WarningAction Ignore }
                {{before}}
                $count = [Runtime.JitInfo]::GetCompiledMethodCount($true)
                $null = {{look}}
                [Runtime.JitInfo]::GetCompiledMethodCount($true) - $count
                $child.Kill()
                """);
            Assert.Equal("", result.Error);
            return int.Parse(Assert.Single(result.Lines), System.Globalization.CultureInfo.InvariantCulture);
        }
    }
}
