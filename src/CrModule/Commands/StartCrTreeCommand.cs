using System.Management.Automation;
using CrCore;
using CrHarness.Spawning;
using CrModule.Pipeline;

namespace CrModule.Commands;

/// <summary>Spawns the trees of plans, for real.</summary>
[Cmdlet(VerbsLifecycle.Start, "CrTree", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low)]
[OutputType(typeof(CrLiveTree))]
public sealed class StartCrTreeCommand : CrCmdlet
{
    /// <summary>What New-CrTreePlan makes.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNull]
    public CrTreePlan[] InputObject { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var plan in InputObject)
        {
            if (Stopping)
                return;
            if (!ShouldProcess($"a tree of {plan.TaskCount} tasks", "Spawn") || !TryHere(plan, () => Spawn(plan), out var tree))
                continue;
            WriteVerbose($"Spawned {tree}, from a {plan}.");
            WriteDebug($"Its files are in '{tree.WorkFolder}'; its tasks, in the plan's order: {string.Join(", ", tree.VPids)}.");
            WriteObject(tree);
        }
    }

    private static CrLiveTree Spawn(CrTreePlan plan)
    {
        var spawner = new TreeSpawner();
        try
        {
            return new CrLiveTree(plan, spawner, spawner.Spawn(plan.Plan));
        }
        catch (Exception e)
        {
            spawner.Dispose();
            if (e is SpawnException or System.ComponentModel.Win32Exception)
                throw new CrTargetException("CrSpawnFailed", $"The tree could not be spawned: {e.Message}", "Trees are spawned by python3, and their namespaces take root.");
            throw;
        }
    }
}
