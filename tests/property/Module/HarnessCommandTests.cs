using System.Management.Automation;
using CrHarness.Generation;
using CrHarness.Plans;
using CrHarness.RoundTrips;
using CrModule;
using CrModule.Pipeline;
using CrProperty.Kernel;
using CrProperty.Trees;
using Xunit;

namespace CrProperty.Module;

/// <summary>The harness as its users see it: plans, live trees, round trips, made-up images, fuzzing.</summary>
[Collection(LiveTrees.Name)]
public sealed class HarnessCommandTests : IDisposable
{
    private readonly ModuleSession _session = new();
    private readonly ScratchFolder _folder = new();

    [Fact]
    public void A_seed_makes_one_plan_for_ever()
    {
        var plans = _session.Run("New-CrTreePlan -Seed 7 -Count 3; New-CrTreePlan -Seed 8").Output.Select(o => (CrTreePlan)o.BaseObject).ToList();
        Assert.Equal([7UL, 8UL, 9UL, 8UL], plans.Select(p => p.Seed!.Value));
        Assert.Equal(plans[1].ToJson(), plans[3].ToJson());
        Assert.NotEqual(plans[0].ToJson(), plans[1].ToJson());
    }

    /// <summary>Whatever stands in the plan and in what went wrong: neither ends the script's here-string or its comments.</summary>
    [FactWith("python3")]
    public void A_failure_is_kept_as_a_script_that_makes_its_round_trip_again()
    {
        var plan = new TreeGenerator { MaxTasks = 3, Root = RootPlace.ChildOfInit }.Generate(11);
        plan = plan with { Tasks = plan.Tasks.SetItem(0, plan.Tasks[0] with { Comm = "'@ $(7) `\"" }) };
        var failure = new RoundTripResult { Plan = plan, Seed = 11, FailedStep = "restore", Error = new InvalidOperationException("one line\n'@ and another"), Differences = ["task 1: a\r\n'@ b"] };
        var script = CounterExampleScript.Save(_folder.File("kept"), failure, new RoundTripOptions { LeaveRunning = true }, newTimeNamespace: false);
        Assert.Equal(_folder.File("kept/roundtrip-seed11.ps1"), script);
        var again = _session.Run("& $args[0]", script).Single<CrRoundTrip>();
        Assert.True(again.Passed, again.ToString());
        Assert.Equal(PlanJson.Write(plan, indented: true), again.Plan!.ToJson());
    }

    [Fact]
    public void A_plan_comes_back_from_its_text_and_from_a_file()
    {
        var outcome = _session.Run("$p = New-CrTreePlan -Seed 3; [System.IO.File]::WriteAllText($args[0], $p.ToJson()); $p; New-CrTreePlan -Json $p.ToJson(); [pscustomobject]@{ PSPath = $args[0] } | New-CrTreePlan", _folder.File("plan.json"));
        var plans = outcome.Output.Select(o => ((CrTreePlan)o.BaseObject).ToJson()).ToList();
        Assert.Equal(3, plans.Count);
        Assert.Single(plans.Distinct());
    }

    [Theory]
    [InlineData("New-CrTreePlan -Path \"$($args[0])/*.json\"", 2)]
    [InlineData("\"$($args[0])/*.json\" | New-CrTreePlan", 2)]
    [InlineData("New-CrTreePlan -LiteralPath ($args[0] + '/[a].json')", 1)]
    [InlineData("[IO.FileInfo]($args[0] + '/[a].json') | New-CrTreePlan", 1)]
    public void Plans_come_from_files(string script, int plans)
    {
        foreach (var name in (string[])["[a].json", "b.json"])
            File.WriteAllText(_folder.File(name), "{}");
        var outcome = _session.Run(script, _folder.Path);
        Assert.Empty(outcome.Errors);
        Assert.Equal(plans, outcome.Output.Count);
    }

    [Fact]
    public void A_plan_file_that_is_not_there_is_an_error()
    {
        var outcome = _session.Run("New-CrTreePlan -Path \"$($args[0])/*.json\"", _folder.Path);
        Assert.Equal(("CrPlanUnreadable", ErrorCategory.ObjectNotFound), (outcome.ErrorId, outcome.Category));
    }

    [Fact]
    public void A_plan_can_be_described()
    {
        var plan = _session.Run("New-CrTreePlan @{ Tasks = @(@{ Comm = 'root' }, @{ Comm = 'gone'; Ending = @{ ExitCode = 3 } }, @{ Stopped = $true }) }").Single<CrTreePlan>();
        Assert.Equal((3, 1, null), (plan.TaskCount, plan.ZombieCount, plan.Seed));
        Assert.Equal(3, plan.Plan.Tasks[1].Ending!.ExitCode);
        Assert.True(plan.Plan.Tasks[2].Stopped);
    }

    [Theory]
    [InlineData("New-CrTreePlan -Json '{'")]
    [InlineData("New-CrTreePlan -Json '{ \"tusks\": [] }'")]
    [InlineData("New-CrTreePlan @{ Tasks = @(@{ Comm = { 1 } }) }")]
    public void What_is_no_plan_is_an_error(string script)
    {
        var outcome = _session.Run(script);
        Assert.Equal("CrPlanInvalid", outcome.ErrorId);
        Assert.Equal(ErrorCategory.InvalidArgument, outcome.Category);
    }

    [FactWith("python3")]
    public void A_tree_lives_until_it_is_stopped()
    {
        var tree = _session.Run("New-CrTreePlan @{ Root = 'Host'; Tasks = @(@{ Comm = 'harness-root' }, @{}) } | Start-CrTree").Single<CrLiveTree>();
        try
        {
            Assert.Equal("harness-root\n", File.ReadAllText($"/proc/{tree.Id}/comm"));
            Assert.True(Directory.Exists(tree.WorkFolder));
        }
        finally
        {
            Assert.Empty(_session.Run("$args[0] | Stop-CrTree", tree).Errors);
        }
        Assert.True(tree.Stopped);
        Assert.False(Directory.Exists($"/proc/{tree.Id}"));
        Assert.False(Directory.Exists(tree.WorkFolder));
    }

    [FactWith("python3")]
    public void Round_trips_tell_of_each_tree()
    {
        var outcome = _session.Run("Test-CrRoundTrip -Seed 1 -Count 2 -MaxTask 3; New-CrTreePlan -Json '{}' | Test-CrRoundTrip -LeaveRunning");
        Assert.Empty(outcome.Errors);
        Assert.All(outcome.Output, o => Assert.True(((CrRoundTrip)o.BaseObject).Passed, o.ToString()));
        Assert.Equal([1UL, 2UL, null], outcome.Output.Select(o => ((CrRoundTrip)o.BaseObject).Seed));
    }

    [FactWith("bash", "setsid")]
    public void A_tree_of_the_users_own_goes_round_and_on()
    {
        using var own = LiveProcess.Script(_folder, "sleep 600 & echo $! >$READY; wait");
        LiveProcess.WaitUntil(() => Directory.Exists($"/proc/{own.Id}/task") && File.ReadAllText($"/proc/{own.Id}/task/{own.Id}/children").Length > 0);
        own.EndAlso(own.Id);
        var outcome = _session.Run("Test-CrRoundTrip -Id $args[0] -Round 2", own.Id);
        own.Forget();
        Assert.Empty(outcome.Errors);
        var result = outcome.Output.Select(o => (CrRoundTrip)o.BaseObject).ToList();
        Assert.All(result, r => Assert.True(r.Passed, r.ToString()));
        Assert.Equal(2, result.Count);
        Assert.All(result, r => Assert.Null(r.Image));
        Assert.DoesNotContain("(stopped)", File.ReadAllText($"/proc/{own.Id}/status"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_made_up_image_reads_and_is_fuzzed()
    {
        var image = _folder.File("made-up.cr");
        var outcome = _session.Run("New-CrRandomImage $args[0] -Seed 4 | Test-CrImage; Invoke-CrImageFuzz $args[0] -Seed 1 -Count 50", image);
        Assert.Empty(outcome.Errors);
        Assert.Equal(true, outcome.Output[0].BaseObject);
        var result = (CrFuzzResult)outcome.Output[1].BaseObject;
        Assert.Equal((50, 50), (result.Trials, result.Refused + result.Read));
        Assert.Empty(result.Findings);
    }

    [Fact]
    public void A_made_up_image_replaces_nothing_unasked()
    {
        var image = _folder.File("made-up.cr");
        File.WriteAllText(image, "mine");
        Assert.Equal("CrImageExists", _session.Run("New-CrRandomImage $args[0] -Seed 4", image).ErrorId);
        Assert.Equal("mine", File.ReadAllText(image));
        Assert.Empty(_session.Run("New-CrRandomImage $args[0] -Seed 4 -WhatIf -Force", image).Output);
        Assert.Equal("mine", File.ReadAllText(image));
        Assert.Equal("CrPathNotUnique", _session.Run("New-CrRandomImage $args[0] -Count 2", image).ErrorId);
    }

    public void Dispose()
    {
        _session.Dispose();
        _folder.Dispose();
    }
}
