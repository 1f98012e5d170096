using System.Diagnostics;
using System.Management.Automation;
using CrCore;
using CrHarness.RoundTrips;
using CrHarness.Spawning;
using CrModule.Completion;
using CrModule.Pipeline;

namespace CrModule.Commands;

/// <summary>Saves process trees, ends them, restores them and compares: random ones, planned ones, or the user's own.</summary>
[Cmdlet(VerbsDiagnostic.Test, "CrRoundTrip", DefaultParameterSetName = RandomSet, SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(CrRoundTrip))]
public sealed class TestCrRoundTripCommand : TreePlanCommand, IDisposable
{
    private const string PlanSet = "Plan", IdSet = "Id";
    private const int Patience = 30;

    private TreeSpawner? _spawner;

    /// <summary>Plans of New-CrTreePlan.</summary>
    [Parameter(Mandatory = true, ParameterSetName = PlanSet, ValueFromPipeline = true)]
    [ValidateNotNull]
    public CrTreePlan[] InputObject { get; set; } = [];

    /// <summary>The root of a tree of the user's own. It is stopped, saved, ended, restored and goes on.</summary>
    [Parameter(Mandatory = true, ParameterSetName = IdSet, ValueFromPipelineByPropertyName = true)]
    [Alias("PID", "ProcessId")]
    [ValidateRange(1, int.MaxValue)]
    [ArgumentCompleter(typeof(ProcessIdCompleter))]
    public int[] Id { get; set; } = [];

    /// <summary>How often each tree of the user's own goes round.</summary>
    [Parameter(ParameterSetName = IdSet)]
    [ValidateRange(1, int.MaxValue)]
    public int Round { get; set; } = 1;

    /// <summary>Leave the tree running at the checkpoint and see that it is unharmed, before it is ended and restored.</summary>
    [Parameter(ParameterSetName = RandomSet)]
    [Parameter(ParameterSetName = PlanSet)]
    public SwitchParameter LeaveRunning { get; set; }

    /// <summary>Restore into a fresh pid namespace.</summary>
    [Parameter(ParameterSetName = RandomSet)]
    [Parameter(ParameterSetName = PlanSet)]
    public SwitchParameter NewPidNamespace { get; set; }

    /// <summary>Restore into a fresh time namespace, in which the tree's clocks go on.</summary>
    [Parameter]
    public SwitchParameter NewTimeNamespace { get; set; }

    /// <summary>A directory for scripts that make a failure again, and for images of the user's own trees.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(FilePathCompleter))]
    public string? CounterExamplePath { get; set; }

    /// <summary>Most round trips spent on making a failure simpler.</summary>
    [Parameter(ParameterSetName = RandomSet)]
    [Parameter(ParameterSetName = PlanSet)]
    [ValidateRange(0, 10_000)]
    public int ShrinkBudget { get; set; } = 60;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (!TryHere(CounterExamplePath, () => CounterExamplePath is null ? "" : FileSystemPath.Unresolved(this, CounterExamplePath), out var folder))
            return;
        switch (ParameterSetName)
        {
            case IdSet:
                foreach (var id in Id)
                    for (var i = 0; i < Round && !Stopping; i++)
                        if (!TestOwn(id, folder))
                            break;
                break;
            case PlanSet:
                foreach (var plan in InputObject)
                    TestMadeUp(plan.Plan, plan.Seed, folder);
                break;
            default:
                var seed = FirstSeed;
                for (var i = 0; i < Count && !Stopping; i++)
                {
                    using var progress = new ShownProgress(this, "Round trips", $"tree {i + 1} of {Count}");
                    progress.Report(i, Count);
                    TestMadeUp(Generator.Generate(seed + (ulong)i), seed + (ulong)i, folder);
                }
                break;
        }
    }

    private void TestMadeUp(CrHarness.Plans.TreePlan plan, ulong? seed, string folder)
    {
        if (Stopping || !ShouldProcess(seed is null ? $"a tree of {plan.Tasks.Length} tasks" : $"the tree of seed {seed}", "Spawn, checkpoint, restore and compare"))
            return;
        var started = Stopwatch.GetTimestamp();
        var options = new RoundTripOptions { LeaveRunning = LeaveRunning, NewPidNamespace = NewPidNamespace };
        _spawner ??= new TreeSpawner();
        WriteVerbose($"Spawning {(seed is null ? "a tree" : $"the tree of seed {seed}")} of {plan.Tasks.Length} tasks.");
        if (!TryRun(plan, (log, _, cancel) => RoundTrip.RunShrinking(plan, new EngineUnderTest(log, newTimeNamespace: NewTimeNamespace), _spawner, options, ShrinkBudget, cancel) with { Seed = seed }, out var result))
            return;
        string? script = null;
        if (!result.Passed && folder.Length > 0)
            TryHere(folder, () => CounterExampleScript.Save(folder, result, options, NewTimeNamespace), out script);
        WriteObject(new CrRoundTrip(result, Stopwatch.GetElapsedTime(started), script));
    }

    /// <returns>Whether the tree is there for another round.</returns>
    private bool TestOwn(int id, string folder)
    {
        if (!ShouldProcess($"process tree of {id}", "Checkpoint, end, restore and compare"))
            return false;
        var started = Stopwatch.GetTimestamp();
        var image = Path.Combine(folder.Length > 0 ? folder : Path.GetTempPath(), $"crroundtrip-{id}-{Guid.NewGuid():n}.cr");
        WriteVerbose($"The tree of {id} is saved to '{image}', ended and restored.");
        if (!TryRun(id, (log, _, _) => Own(log, id, image, folder, NewTimeNamespace), out var result))
            return false;
        if (result.Passed)
            File.Delete(image);
        var kept = File.Exists(image) ? image : null;
        if (result.RootPid == 0)
            WriteWarning($"The tree of {id} could not be restored. Its image is '{kept}': mend the cause and use Restore-ProcessTree.");
        WriteObject(new CrRoundTrip(id, result, Stopwatch.GetElapsedTime(started), kept));
        return result.RootPid != 0;
    }

    private static StagedRoundTripResult Own(ICrLog log, int id, string image, string folder, bool newTimeNamespace)
    {
        if (folder.Length > 0)
            Directory.CreateDirectory(folder);
        var preview = new CrCore.Checkpoint.TreeCheckpoint(new CheckpointOptions()).Preview(id);
        if (!preview.CanProceed)
            throw new CrPreflightException("CrCheckpointObstacles", [.. preview.Obstacles.Where(o => o.Severity == ObstacleSeverity.Error)]);
        return StagedRoundTrip.Run(id, image, new EngineUnderTest(log, leaveStopped: true, newTimeNamespace), TimeSpan.FromSeconds(Patience));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _spawner?.Dispose();
        _spawner = null;
        GC.SuppressFinalize(this);
    }
}
