using System.Management.Automation;
using System.Net;
using System.Net.Sockets;
using CrCore;
using CrModule;
using Xunit;

namespace CrProperty.Module;

/// <summary>Test-CrImage, Test-ProcessTree, Test-CrHost, Get-, Suspend- and Resume-ProcessTree.</summary>
public sealed class CheckingCommandTests : IDisposable
{
    private readonly ScratchFolder _folder = new();
    private readonly ModuleSession _session = new();

    public void Dispose()
    {
        _session.Dispose();
        _folder.Dispose();
    }

    private List<CrFinding> Findings(string script, params object?[] arguments)
    {
        var outcome = _session.Run(script, arguments);
        Assert.Empty(outcome.Errors);
        return [.. outcome.Output.Select(o => Assert.IsType<CrFinding>(o.BaseObject))];
    }

    [Fact]
    public void A_whole_image_passes_and_every_damaged_one_fails()
    {
        var path = _folder.File("x.cr");
        RichImage.Write(path);
        Assert.True(_session.Run("Test-CrImage $args[0]", path).Single<bool>());
        Assert.Equal(CrFindingStatus.Passed, Findings("Test-CrImage $args[0] -Detailed", path).Single().Status);
        var bytes = File.ReadAllBytes(path);
        var random = new Random(5);
        for (var i = 0; i < 40; i++)
        {
            var broken = bytes.ToArray();
            broken[random.Next(broken.Length)] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(path, broken);
            Assert.False(_session.Run("Test-CrImage $args[0]", path).Single<bool>());
        }
        File.WriteAllBytes(path, bytes[..^100]);
        var finding = Findings("Test-CrImage $args[0] -Detailed", path).Single();
        Assert.Equal((CrFindingStatus.Failed, "Integrity", "CrImageTruncated"), (finding.Status, finding.Check, finding.Id));
        Assert.NotNull(finding.Advice);
    }

    [Fact]
    public void An_image_that_is_not_there_is_an_error()
        => Assert.Equal("CrImageNotFound", _session.Run("Test-CrImage -LiteralPath $args[0]", _folder.File("none.cr")).ErrorId);

    [Fact]
    public void Whether_it_could_be_restored_hangs_on_the_pid()
    {
        using var live = LiveProcess.Sleep();
        var path = _folder.File("x.cr");
        _session.Run("Checkpoint-ProcessTree -Id $args[0] -Path $args[1]", live.Id, path).Single<CrImage>();
        Assert.True(_session.Run("Test-CrImage $args[0]", path).Single<bool>());
        Assert.False(_session.Run("Test-CrImage $args[0] -Restore", path).Single<bool>());
        var finding = Findings("Test-CrImage $args[0] -Restore -Detailed", path).Single(f => f.Status == CrFindingStatus.Failed);
        Assert.Equal(("CrPidTaken", "Restore", live.Id), (finding.Id, finding.Check, finding.TaskId));
        Assert.True(_session.Run("Test-CrImage $args[0] -Restore -NewPidNamespace", path).Single<bool>());
    }

    [Fact]
    public void A_tree_is_tested_with_every_obstacle()
    {
        using var live = LiveProcess.Sleep();
        Assert.True(_session.Run("Test-ProcessTree -Id $args[0]", live.Id).Single<bool>());
        Assert.Equal(CrFindingStatus.Passed, Findings("Test-ProcessTree -Id $args[0] -Detailed", live.Id).Single().Status);
        using var piped = LiveProcess.WithPipe();
        Assert.False(_session.Run("Test-ProcessTree -Id $args[0]", piped.Id).Single<bool>());
        var finding = Findings("Test-ProcessTree -Id $args[0] -Detailed", piped.Id).First(f => f.Status == CrFindingStatus.Failed);
        Assert.Equal((piped.Id, "sleep", piped.Id), (finding.TaskId!.Value, finding.Comm, (int)finding.Subject!));
        Assert.NotNull(finding.Advice);
        Assert.Equal("CrNoProcess", _session.Run("Test-ProcessTree -Id 4194303").ErrorId);
    }

    /// <summary>The same words as at the checkpoint give the same answer.</summary>
    [Fact]
    public void What_is_chosen_for_the_checkpoint_can_be_chosen_for_the_test()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var live = LiveProcess.Script(_folder, $"exec 3<>/dev/tcp/127.0.0.1/{((IPEndPoint)listener.LocalEndpoint).Port}; echo > $READY; read -u 3");
        var finding = Findings("Test-ProcessTree -Id $args[0] -Detailed -TcpEstablished Fail", live.Id).Single(f => f.Status == CrFindingStatus.Failed);
        Assert.Equal(("CrTcpEstablished", "bash"), (finding.Id, finding.Comm));
        Assert.True(_session.Run("Test-ProcessTree -Id $args[0] -TcpEstablished Reset -Cgroup Ignore", live.Id).Single<bool>());
    }

    [Fact]
    public void The_host_is_tested_feature_by_feature()
    {
        var findings = Findings("Test-CrHost -Detailed");
        Assert.Contains(findings, f => f.Check == "PAGEMAP_SCAN");
        Assert.All(findings, f => Assert.NotEmpty(f.Reason));
        Assert.All(findings.Where(f => f.Status != CrFindingStatus.Passed), f => Assert.NotNull(f.Id));
        Assert.Equal(findings.TrueForAll(f => f.Status != CrFindingStatus.Failed), _session.Run("Test-CrHost").Single<bool>());
    }

    [Fact]
    public void A_running_tree_is_listed_and_drawn()
    {
        using var live = LiveProcess.Script(_folder, "sleep 600 & sleep 601 & for p in $(jobs -p); do until [ $(cat /proc/$p/comm) = sleep ]; do :; done; done; echo > $READY; wait");
        var tasks = _session.Run("Get-ProcessTree -Id $args[0]", live.Id).Output.Select(o => (CrProcess)o.BaseObject).ToList();
        Assert.Equal(3, tasks.Count);
        Assert.Equal((live.Id, 0, "bash"), (tasks[0].Id, tasks[0].Depth, tasks[0].Comm));
        Assert.All(tasks.Skip(1), t => Assert.Equal((live.Id, 1, live.Id), (t.ParentId, t.Depth, t.RootId)));
        Assert.True(tasks[0].PrivateBytes > 100_000);
        Assert.True(tasks[0].PrivateBytes <= tasks[0].ResidentBytes);
        Assert.All(tasks, t => Assert.True(t.CanCheckpoint));
        Assert.Matches("├─ .*\n└─ ", _session.Show("Get-ProcessTree -Id $args[0] -Tree", live.Id).ReplaceLineEndings("\n"));
    }

    [Fact]
    public void This_shell_can_be_listed_but_says_that_it_cannot_be_saved()
    {
        var own = (CrProcess)_session.Run("Get-ProcessTree -Id $PID").Output[0].BaseObject;
        Assert.False(own.CanCheckpoint);
        Assert.Equal("CrOwnAncestor", own.Obstacles[0].Id);
        Assert.Equal("CrOwnAncestor", _session.Run("Suspend-ProcessTree -Id $PID").ErrorId);
    }

    [Fact]
    public void A_tree_is_suspended_and_goes_on()
    {
        using var live = LiveProcess.Script(_folder, "(while :; do :; done) & echo > $READY; while :; do sleep 0.01; done");
        Assert.Empty(_session.Run("Suspend-ProcessTree -Id $args[0] -WhatIf", live.Id).Output);
        Assert.NotEqual('T', State(live.Id));
        var tasks = _session.Run("Suspend-ProcessTree -Id $args[0] -PassThru", live.Id).Output.Select(o => (CrProcess)o.BaseObject).ToList();
        Assert.True(tasks.Count >= 2);
        Assert.All(tasks.Where(t => t.State != 'Z'), t => Assert.Equal('T', State(t.Id)));
        Assert.All(tasks.Where(t => t.State != 'Z'), t => Assert.Equal('T', t.State));
        Assert.All(tasks, t => Assert.True(t.CanCheckpoint));
        var resumed = _session.Run("Resume-ProcessTree -Id $args[0] -PassThru", live.Id);
        Assert.Empty(resumed.Errors);
        Assert.All(resumed.Output.Select(o => (CrProcess)o.BaseObject), t => Assert.NotEqual('T', t.State));
        LiveProcess.WaitUntil(() => tasks.TrueForAll(t => State(t.Id) != 'T'));
    }

    /// <summary>What is an obstacle depends on what is to become of a thing.</summary>
    [Fact]
    public void A_tree_is_listed_with_the_choices_of_a_checkpoint()
    {
        using var tied = LiveProcess.WithPipe();
        Assert.Contains(ExternalPipes("Get-ProcessTree -Id $args[0]"), o => o.Severity == ObstacleSeverity.Error);
        Assert.All(ExternalPipes("Get-ProcessTree -Id $args[0] -ExternalPipe Close"), o => Assert.Equal(ObstacleSeverity.Warning, o.Severity));

        IEnumerable<Obstacle> ExternalPipes(string script)
            => ((CrProcess)_session.Run(script, tied.Id).Output[0].BaseObject).Obstacles.Where(o => o.Id == "CrExternalPipe");
    }

    private static char State(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[stat.LastIndexOf(')') + 2];
        }
        catch (IOException)
        {
            return 'X';
        }
    }
}
