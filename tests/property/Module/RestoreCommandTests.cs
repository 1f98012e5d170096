using System.Diagnostics;
using System.Globalization;
using System.Management.Automation;
using CrCore;
using CrModule;
using Xunit;

namespace CrProperty.Module;

/// <summary>Restore-ProcessTree on images of processes that really ran.</summary>
public sealed class RestoreCommandTests : IDisposable
{
    private readonly ScratchFolder _folder = new();
    private readonly ModuleSession _session = new();
    private readonly LiveProcess _live;

    /// <summary>A tree of two, which exits with 7 when the file go is there.</summary>
    public RestoreCommandTests()
        => _live = LiveProcess.Script(_folder, "sleep 600 & until [ $(cat /proc/$!/comm) = sleep ]; do :; done; echo $! > $READY; until [ -e $READY.go ]; do sleep 0.05; done; kill $!; exit 7");

    private string ImagePath => _folder.File("x.cr");

    private int Child => int.Parse(File.ReadAllText(_folder.File("ready")), CultureInfo.InvariantCulture);

    public void Dispose()
    {
        _live.Dispose();
        _session.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void The_tree_comes_back_with_its_pids_and_goes_on()
    {
        Save();
        var tree = Note(_session.Run("Restore-ProcessTree $args[0]", ImagePath).Single<CrRestoredTree>());
        Assert.Equal((_live.Id, _live.Id, "bash", ImagePath), (tree.Id, tree.VPid, tree.Comm, tree.Path));
        Assert.Null(tree.NamespaceInitId);
        Assert.Equal((_live.Id, 0), (tree.Tasks[0].Id, tree.Tasks[0].ParentVPid));
        Assert.Contains(tree.Tasks, t => t.Id == Child && t.VPid == Child && t.ParentVPid == _live.Id && t.Comm == "sleep");
        Assert.True(tree.PagesRestored > 0);
        Assert.Equal("sleep\n", File.ReadAllText($"/proc/{Child}/comm"));
        Finish();
        LiveProcess.WaitUntil(() => !Directory.Exists($"/proc/{_live.Id}"));
    }

    [Fact]
    public void Wait_tells_how_the_root_has_ended()
    {
        Save();
        Finish();
        var tree = Note(_session.Run("Restore-ProcessTree $args[0] -Wait", ImagePath).Single<CrRestoredTree>());
        Assert.Equal((7, null, false), (tree.ExitStatus, tree.ExitSignal, tree.CoreDumped));
    }

    [Fact]
    public void Ctrl_C_ends_the_waiting_and_not_the_tree()
    {
        Save();
        _live.EndAlso(_live.Id);
        using var shell = _session.Prepare("Restore-ProcessTree $args[0] -Wait -Verbose", ImagePath);
        var running = shell.BeginInvoke();
        LiveProcess.WaitUntil(() => shell.Streams.Verbose.ReadAll().Any(v => v.Message.StartsWith("Waiting for", StringComparison.Ordinal)));
        shell.Stop();
        Assert.ThrowsAny<RuntimeException>(() => shell.EndInvoke(running));
        Assert.True(Directory.Exists($"/proc/{_live.Id}"));
    }

    [Fact]
    public void Several_copies_run_side_by_side_in_namespaces_of_their_own()
    {
        _session.Run("Checkpoint-ProcessTree -Id $args[0] -Path $args[1]", _live.Id, ImagePath).Single<CrImage>();
        var copies = new List<CrRestoredTree>();
        for (var i = 0; i < 2; i++)
            copies.Add(Note(_session.Run("Restore-ProcessTree $args[0] -NewPidNamespace", ImagePath).Single<CrRestoredTree>()));
        Assert.Equal(3, copies.Select(c => c.Id).Append(_live.Id).Distinct().Count());
        Assert.All(copies, c => Assert.Equal(_live.Id, c.VPid));
        Assert.All(copies, c => Assert.NotNull(c.NamespaceInitId));
    }

    [Fact]
    public void A_pid_that_is_taken_is_an_obstacle_that_names_its_holder()
    {
        _session.Run("Checkpoint-ProcessTree -Id $args[0] -Path $args[1]", _live.Id, ImagePath).Single<CrImage>();
        var outcome = _session.Run("Restore-ProcessTree $args[0]", ImagePath);
        Assert.Equal(("CrRestoreObstacles", ErrorCategory.ResourceUnavailable), (outcome.ErrorId, outcome.Category));
        Assert.Equal(ImagePath, outcome.Errors[0].TargetObject);
        var obstacles = Assert.IsType<CrPreflightException>(outcome.Errors[0].Exception).Obstacles;
        Assert.Contains(obstacles, o => o.Id == "CrPidTaken" && o.ToString().Contains($"{_live.Id}", StringComparison.Ordinal));
    }

    [Fact]
    public void WhatIf_creates_nothing_and_tells_tasks_and_obstacles()
    {
        Save();
        var preview = _session.Run("Restore-ProcessTree $args[0] -WhatIf", ImagePath).Single<CrRestorePreview>();
        Assert.True(preview.CanProceed);
        Assert.Contains(preview.Tasks, t => t.VPid == Child && t.Comm == "sleep");
        Assert.Contains("What if: ", _session.Host.Text, StringComparison.Ordinal);
        Assert.False(Directory.Exists($"/proc/{_live.Id}"));
    }

    [Fact]
    public void PassThru_writes_the_root_as_a_process()
    {
        Save();
        _live.EndAlso(_live.Id);
        using var process = _session.Run("Restore-ProcessTree $args[0] -PassThru", ImagePath).Single<Process>();
        Assert.Equal(_live.Id, process.Id);
        Assert.False(process.HasExited);
    }

    [Fact]
    public void The_pid_file_holds_the_root_and_serves_one_tree()
    {
        Save();
        var pidFile = _folder.File("web.pid");
        Note(_session.Run("Restore-ProcessTree $args[0] -PidFile $args[1]", ImagePath, pidFile).Single<CrRestoredTree>());
        Assert.Equal($"{_live.Id}\n", File.ReadAllText(pidFile));

        File.Copy(ImagePath, _folder.File("y.cr"));
        var outcome = _session.Run("$args[0..1] | Restore-ProcessTree -PidFile $args[2] -NewPidNamespace", ImagePath, _folder.File("y.cr"), pidFile);
        Assert.Equal("CrPidFileNotUnique", outcome.ErrorId);
        Note((CrRestoredTree)Assert.Single(outcome.Output).BaseObject);
    }

    [Fact]
    public void A_pid_file_that_cannot_be_written_stops_the_restore_before_anything_runs()
    {
        Save();
        var outcome = _session.Run("Restore-ProcessTree $args[0] -PidFile /nowhere/x.pid", ImagePath);
        Assert.Equal("CrPidFileNotWritable", outcome.ErrorId);
        Assert.False(Directory.Exists($"/proc/{_live.Id}"));
    }

    [Fact]
    public void Trees_and_tasks_bind_to_commands_that_take_a_process_id()
    {
        Save();
        _live.EndAlso(_live.Id);
        var script = """
            function Get-It { param([Parameter(ValueFromPipelineByPropertyName)] [int] $Id, [Parameter(ValueFromPipelineByPropertyName)] [string] $Name) process { "$Id/$Name" } }
            $tree = Restore-ProcessTree $args[0]
            $tree | Get-It
            $tree.Tasks[0] | Get-It
            $tree.Tasks | Get-It
            """;
        var bound = _session.Run(script, ImagePath).Output.Select(o => (string)o.BaseObject).ToList();
        Assert.Equal([$"{_live.Id}/", $"{_live.Id}/", $"{_live.Id}/"], bound[..3]);
        Assert.Contains($"{Child}/", bound[3..]);
    }

    [Fact]
    public void A_damaged_image_brings_back_nothing()
    {
        Save();
        var bytes = File.ReadAllBytes(ImagePath);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(ImagePath, bytes);
        var outcome = _session.Run("Restore-ProcessTree $args[0]", ImagePath);
        Assert.Equal(ErrorCategory.InvalidData, outcome.Category);
        LiveProcess.WaitUntil(() => !Directory.Exists($"/proc/{_live.Id}")); // its new parent may take a moment to wait for it
    }

    private void Save()
    {
        _session.Run("Checkpoint-ProcessTree -Id $args[0] -Path $args[1] -Stop", _live.Id, ImagePath).Single<CrImage>();
        _live.AwaitEnd();
        _live.Forget();
        LiveProcess.WaitUntil(() => !Directory.Exists($"/proc/{Child}"));
    }

    private void Finish() => File.WriteAllText(_folder.File("ready.go"), "");

    private CrRestoredTree Note(CrRestoredTree tree)
    {
        _live.EndAlso(tree.NamespaceInitId ?? tree.Id);
        return tree;
    }
}
