using System.Globalization;
using CrCore;
using CrModule;
using Xunit;

namespace CrProperty.Module;

/// <summary>Restore-ProcessTree -Descriptor: what stands for saved descriptors, as a user says it.</summary>
public sealed class GivenDescriptorCommandTests : IDisposable
{
    private readonly ScratchFolder _folder = new();
    private readonly ModuleSession _session = new();

    /// <summary>The middle of a pipeline of a shell: it goes on with a file before it and a file behind.</summary>
    [Fact]
    public void The_middle_of_a_pipeline_goes_into_another_one()
    {
        using var shell = LiveProcess.Script(_folder, $"sleep 600 | bash -c 'echo $$ > {_folder.File("ready")}; while read line; do echo \"<$line>\"; done' | sleep 600");
        var filter = int.Parse(File.ReadAllText(_folder.File("ready")), CultureInfo.InvariantCulture);
        var image = _folder.File("x.cr");
        Assert.False(_session.Run("Test-ProcessTree -Id $args[0]", filter).Single<bool>());
        Assert.True(_session.Run("Test-ProcessTree -Id $args[0] -ExternalPipe Given", filter).Single<bool>());
        _session.Run("Checkpoint-ProcessTree -Id $args[0] -Path $args[1] -Stop -ExternalPipe Given -WarningAction Ignore", filter, image).Single<CrImage>();
        LiveProcess.WaitUntil(() => !Directory.Exists($"/proc/{filter}"));

        var names = _session.Run("Get-CrImageFile $args[0] -Type Given", image).Output.Select(o => (CrImageFile)o.BaseObject).ToArray();
        Assert.Equal([(0, "r"), (1, "w")], names.Select(n => (n.Fd, n.Access)));
        var preview = _session.Run("Restore-ProcessTree $args[0] -WhatIf -WarningAction Ignore", image).Single<CrRestorePreview>();
        Assert.Equal(2, preview.Obstacles.Count(o => o.Id == "CrDescriptorNotGiven"));

        File.WriteAllText(_folder.File("in"), "one\ntwo\n");
        File.WriteAllText(_folder.File("out"), "");
        Assert.False(_session.Run("Test-CrImage $args[0] -Restore", image).Single<bool>());
        Assert.True(_session.Run("Test-CrImage $args[0] -Restore -Descriptor @{ $args[1] = $args[2]; $args[3] = $args[4] }",
            image, names[0].Name, _folder.File("in"), names[1].Name, _folder.File("out")).Single<bool>());
        var tree = _session.Run("""
            $in = [IO.File]::OpenRead($args[2])
            Restore-ProcessTree $args[0] -Descriptor @{ $args[1] = $in; $args[3] = [IO.FileInfo]$args[4] }
            """, image, names[0].Name, _folder.File("in"), $"{filter}/1", _folder.File("out")).Single<CrRestoredTree>();
        shell.EndAlso(tree.Id);
        LiveProcess.WaitUntil(() => File.ReadAllText(_folder.File("out")) == "<one>\n<two>\n");
    }

    [Fact]
    public void What_holds_no_descriptor_is_an_error_that_says_so()
    {
        using var live = LiveProcess.Sleep();
        _session.Run("Checkpoint-ProcessTree -Id $args[0] -Path $args[1]", live.Id, _folder.File("x.cr")).Single<CrImage>();
        foreach (var value in (string[])["$true", "$null", "[version]'1.2'", "-3", "''"])
        {
            foreach (var command in (string[])["Restore-ProcessTree", "Test-CrImage -Restore"])
            {
                var outcome = _session.Run($"{command} $args[0] -Descriptor @{{ '1/1' = {value} }}", _folder.File("x.cr"));
                Assert.Equal("CrDescriptorValue", Assert.IsType<CrArgumentException>(Assert.Single(outcome.Errors).Exception).Id);
            }
        }
    }

    public void Dispose()
    {
        _session.Dispose();
        _folder.Dispose();
    }
}
