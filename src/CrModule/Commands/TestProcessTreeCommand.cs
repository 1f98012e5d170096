using System.Management.Automation;
using CrCore;
using CrCore.Checkpoint;
using CrModule.Pipeline;

namespace CrModule.Commands;

/// <summary>Tells whether running trees could be checkpointed. Touches nothing.</summary>
[Cmdlet(VerbsDiagnostic.Test, "ProcessTree", DefaultParameterSetName = IdSet)]
[OutputType(typeof(bool), typeof(CrFinding))]
public sealed class TestProcessTreeCommand : CheckpointPolicyCommand
{
    /// <summary>Write every obstacle instead of true or false.</summary>
    [Parameter]
    public SwitchParameter Detailed { get; set; }

    private protected override void ProcessRoot(CheckpointTarget root)
    {
        var options = Policies;
        if (!TryRun(root.Id, (log, progress, cancel) => new TreeCheckpoint(options, log, progress).Preview(root.Id, cancel), out var preview))
            return;
        WriteVerbose($"The tree of {root} has {preview.Tasks.Count} tasks; {preview.Obstacles.Count} obstacles and warnings were found.");
        foreach (var task in preview.Tasks)
            WriteDebug($"Task {task.Pid} ({task.Comm}), state {task.State}, {task.ThreadCount} threads, {task.ResidentBytes} bytes.");
        if (!Detailed)
        {
            foreach (var obstacle in preview.Obstacles)
                WriteVerbose(obstacle.ToString());
            WriteObject(preview.CanProceed);
            return;
        }
        foreach (var obstacle in preview.Obstacles)
            WriteObject(new CrFinding(root.Id, "Checkpoint", obstacle));
        if (preview.CanProceed)
            WriteObject(new CrFinding(root.Id, "Checkpoint", CrFindingStatus.Passed, $"the tree of {preview.Tasks.Count} tasks can be saved"));
    }
}
