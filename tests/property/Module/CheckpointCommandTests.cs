using System.Diagnostics;
using System.Management.Automation;
using CrCore;
using CrModule;
using Xunit;

namespace CrProperty.Module;

/// <summary>Checkpoint-ProcessTree on processes that really run.</summary>
public sealed class CheckpointCommandTests : IDisposable
{
    private readonly ScratchFolder _folder = new();
    private readonly ModuleSession _session = new();
    private readonly LiveProcess _live = LiveProcess.Sleep();

    private string ImagePath => _folder.File("x.cr");

    public void Dispose()
    {
        _live.Dispose();
        _session.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void The_image_is_written_and_the_process_runs_on()
    {
        var image = _session.Run("Checkpoint-ProcessTree -Id $args[0] -Path $args[1]", _live.Id, ImagePath).Single<CrImage>();
        Assert.Equal((ImagePath, _live.Id, "sleep", 1, 1, false), (image.Path, image.RootId, image.Comm, image.TaskCount, image.ThreadCount, image.Stopped));
        Assert.Equal(new FileInfo(ImagePath).Length, image.Length);
        Assert.InRange(image.Frozen, TimeSpan.FromTicks(1), image.Duration);
        Assert.InRange(image.PagesStored, 1, image.PagesScanned);
        AssertRuns(_live);
        Assert.True(OperatingSystem.IsLinux() && File.GetUnixFileMode(ImagePath) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }

    [Theory]
    [InlineData("$args[0] | Checkpoint-ProcessTree -Path $args[2]")]
    [InlineData("$args[0] | Checkpoint-ProcessTree $args[2]")]
    [InlineData("Checkpoint-ProcessTree -InputObject $args[0] -Path $args[2]")]
    [InlineData("Checkpoint-ProcessTree $args[1] $args[2]")]
    [InlineData("[pscustomobject]@{ Id = $args[1] } | Checkpoint-ProcessTree -Path $args[2]")]
    [InlineData("[pscustomobject]@{ ProcessId = $args[1] } | Checkpoint-ProcessTree -Path $args[2]")]
    [InlineData("Checkpoint-ProcessTree -PID $args[1] -Path $args[2]")]
    public void The_process_comes_by_every_way(string script)
    {
        var header = _session.Run($"{script} | Get-CrImageHeader", _live.Process, _live.Id, ImagePath).Single<CrImageHeader>();
        Assert.Equal((ImagePath, "sleep", 1), (header.Path, header.Comm, header.TaskCount));
    }

    [Fact]
    public void PassThru_writes_the_process_in_place_of_the_image()
    {
        var process = _session.Run("$args[0] | Checkpoint-ProcessTree -Path $args[1] -PassThru", _live.Process, ImagePath).Single<Process>();
        Assert.Equal(_live.Id, process.Id);
        Assert.True(File.Exists(ImagePath));
        Assert.Equal(_live.Id, _session.Run("Checkpoint-ProcessTree -Id $args[0] -Path $args[1] -PassThru -Force", _live.Id, ImagePath).Single<Process>().Id);
    }

    [Fact]
    public void WhatIf_touches_nothing_and_tells_what_would_be_saved()
    {
        var preview = _session.Run("Checkpoint-ProcessTree -Id $args[0] -Path $args[1] -Stop -WhatIf", _live.Id, ImagePath).Single<CrCheckpointPreview>();
        Assert.True(preview.CanProceed);
        Assert.Equal((_live.Id, ImagePath, 1, 1), (preview.RootId, preview.ImagePath, preview.TaskCount, preview.ThreadCount));
        Assert.Equal("sleep", preview.Tasks[0].Comm);
        Assert.True(preview.ResidentBytes > 0);
        Assert.Contains("What if: ", _session.Host.Text, StringComparison.Ordinal);
        Assert.Contains("end it", _session.Host.Text, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
        AssertRuns(_live);
    }

    [Fact]
    public void WhatIf_tells_every_obstacle_as_object_and_as_warning()
    {
        using var tied = LiveProcess.WithPipe();
        File.WriteAllText(ImagePath, "in the way");
        var outcome = _session.Run("Checkpoint-ProcessTree -Id $args[0] -Path $args[1] -WhatIf", tied.Id, ImagePath);
        var preview = outcome.Single<CrCheckpointPreview>();
        Assert.False(preview.CanProceed);
        Assert.Contains(preview.Obstacles, o => o.Id == "CrExternalPipe" && o.Pid == tied.Id && o.Advice is not null);
        Assert.Contains(preview.Obstacles, o => o.Id == "CrImageExists" && o.Object == ImagePath);
        Assert.Equal(preview.Obstacles.Select(o => o.ToString()), outcome.Warnings);
    }

    [Fact]
    public void An_answer_of_no_leaves_everything_as_it_was()
    {
        using var session = new ModuleSession(answer: "No");
        var outcome = session.Run("Checkpoint-ProcessTree -Id $args[0] -Path $args[1] -Confirm", _live.Id, ImagePath);
        Assert.Empty(outcome.Output);
        Assert.Equal(1, session.Host.Questions);
        Assert.False(File.Exists(ImagePath));
    }

    [Fact]
    public void An_image_that_exists_is_replaced_only_by_force()
    {
        File.WriteAllText(ImagePath, "precious");
        var outcome = _session.Run("Checkpoint-ProcessTree -Id $args[0] -Path $args[1]", _live.Id, ImagePath);
        Assert.Equal(("CrImageExists", ErrorCategory.ResourceUnavailable), (outcome.ErrorId, outcome.Category));
        Assert.Equal(_live.Id, outcome.Errors[0].TargetObject);
        Assert.Equal("precious", File.ReadAllText(ImagePath));
        _session.Run("Checkpoint-ProcessTree -Id $args[0] -Path $args[1] -Force", _live.Id, ImagePath).Single<CrImage>();
    }

    [Fact]
    public void A_process_that_is_not_there_is_not_found()
    {
        _live.Process.Kill();
        _live.Process.WaitForExit();
        var outcome = _session.Run("Checkpoint-ProcessTree -Id $args[0] -Path $args[1]", _live.Id, ImagePath);
        Assert.Equal(("CrNoProcess", ErrorCategory.ObjectNotFound), (outcome.ErrorId, outcome.Category));
        Assert.False(File.Exists(ImagePath));
    }

    [Fact]
    public void The_shell_refuses_itself_and_its_ancestors()
    {
        foreach (var id in (int[])[Environment.ProcessId, 1])
        {
            var outcome = _session.Run("Checkpoint-ProcessTree -Id $args[0] -Path $args[1] -Confirm:$false", id, ImagePath);
            Assert.Equal(("CrOwnAncestor", ErrorCategory.InvalidArgument), (outcome.ErrorId, outcome.Category));
        }
    }

    [Fact]
    public void An_obstacle_ends_in_an_error_that_carries_it()
    {
        using var tied = LiveProcess.WithPipe();
        var outcome = _session.Run("Checkpoint-ProcessTree -Id $args[0] -Path $args[1]", tied.Id, ImagePath);
        Assert.Equal("CrCheckpointObstacles", outcome.ErrorId);
        Assert.Equal(tied.Id, outcome.Errors[0].TargetObject);
        Assert.Contains(Assert.IsType<CrPreflightException>(outcome.Errors[0].Exception).Obstacles, o => o.Id == "CrExternalPipe");
        Assert.NotNull(outcome.Errors[0].ErrorDetails.RecommendedAction);
        Assert.False(File.Exists(ImagePath));
        AssertRuns(tied);
        _session.Run("Checkpoint-ProcessTree -Id $args[0] -Path $args[1] -ExternalPipe Null -Terminal Null", tied.Id, ImagePath).Single<CrImage>();
    }

    [Theory]
    [InlineData("{Id}.cr")]
    [InlineData("{name}-{id}.cr")]
    [InlineData("")]
    public void Several_trees_get_an_image_each(string name)
    {
        using var other = LiveProcess.Sleep();
        var outcome = _session.Run("Checkpoint-ProcessTree -Id $args[0] -Path $args[1]", new[] { _live.Id, other.Id }, _folder.Path + "/" + name);
        Assert.Empty(outcome.Errors);
        var pattern = name.Length == 0 ? "{name}-{id}.cr" : name;
        var expected = new[] { _live.Id, other.Id }.Select(id => _folder.File(pattern.Replace("{Id}", $"{id}", StringComparison.OrdinalIgnoreCase).Replace("{name}", "sleep", StringComparison.Ordinal)));
        Assert.Equal(expected, outcome.Output.Select(o => ((CrImage)o.BaseObject).Path));
        Assert.All(expected, p => Assert.True(File.Exists(p)));
    }

    [Fact]
    public void A_process_is_saved_with_the_tree_of_an_ancestor_that_was_given_too()
    {
        using var tree = LiveProcess.Script(_folder, "sleep 600 & echo $! > $READY; wait");
        var child = int.Parse(File.ReadAllText(_folder.File("ready")), System.Globalization.CultureInfo.InvariantCulture);
        LiveProcess.WaitUntil(() => File.ReadAllText($"/proc/{child}/comm") == "sleep\n");
        var outcome = _session.Run("Checkpoint-ProcessTree -Id $args[0] -Path $args[1] -Verbose", new[] { child, tree.Id }, ImagePath);
        var image = outcome.Single<CrImage>();
        Assert.Equal((tree.Id, 2), (image.RootId, image.TaskCount));
        Assert.Contains(outcome.Verbose, v => v.StartsWith($"Process {child} ", StringComparison.Ordinal));
        var tasks = _session.Run("Get-CrImageTask $args[0]", ImagePath).Output.Select(o => (CrImageTask)o.BaseObject).ToList();
        Assert.Equal([(tree.Id, 0, "bash"), (child, tree.Id, "sleep")], tasks.Select(t => (t.VPid, t.ParentVPid, t.Comm)));
    }

    [Fact]
    public void Verbose_tells_the_story()
    {
        var outcome = _session.Run("Checkpoint-ProcessTree -Id $args[0] -Path $args[1] -Verbose", _live.Id, ImagePath);
        Assert.Contains("Freezing the tree.", outcome.Verbose);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Ctrl_C_at_any_step_leaves_the_process_running_and_no_part_of_an_image(int steps)
    {
        using var shell = _session.Prepare("Checkpoint-ProcessTree -Id $args[0] -Path $args[1] -Verbose", _live.Id, ImagePath);
        var running = shell.BeginInvoke();
        LiveProcess.WaitUntil(() => running.IsCompleted || shell.Streams.Verbose.Count > steps);
        shell.Stop();
        AssertRuns(_live);
        // It may have been too late to stop: then the image is whole.
        foreach (var file in Directory.GetFileSystemEntries(_folder.Path))
        {
            Assert.Equal(ImagePath, file);
            _session.Run("Get-CrImageHeader $args[0]", file).Single<CrImageHeader>();
        }
    }

    [Fact]
    public void Obstacles_show_as_a_table()
    {
        File.WriteAllText(ImagePath, "in the way");
        var lines = _session.Show("(Checkpoint-ProcessTree -Id $args[0] -Path $args[1] -WhatIf -WarningAction Ignore).Obstacles", _live.Id, ImagePath)
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).SkipWhile(l => !l.StartsWith("Severity", StringComparison.Ordinal)).ToList();
        Assert.Equal(["Severity", "Pid", "Comm", "Object", "Reason"], lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("Error ", lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public void The_image_shows_as_a_table_of_one_line()
    {
        var lines = _session.Show("Checkpoint-ProcessTree -Id $args[0] -Path $args[1]", _live.Id, ImagePath).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["Root", "Comm", "Tasks", "Threads", "Size", "Frozen", "Path"], lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(3, lines.Length);
        Assert.Matches(@" \d+\.\d MiB +[\d,]+ ms +/", lines[2]);
    }

    [Fact]
    public void Words_for_the_table_stand_in_no_list_of_properties()
    {
        var shown = _session.Show("$image = Checkpoint-ProcessTree -Id $args[0] -Path $args[1]; $image.SizeText; $image.psobject.Properties.Name", _live.Id, ImagePath);
        Assert.Contains(" MiB", shown, StringComparison.Ordinal);
        Assert.Contains("RootId", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("Text", shown, StringComparison.Ordinal);
    }

    /// <summary>Not by Process.HasExited: .NET takes a stop for an end when some other child ends at that moment (dotnet/runtime 133736).</summary>
    private static void AssertRuns(LiveProcess process)
    {
        Assert.True(Directory.Exists($"/proc/{process.Id}"));
        LiveProcess.WaitUntil(() => File.ReadAllText($"/proc/{process.Id}/stat").Contains(") S ", StringComparison.Ordinal));
    }
}
