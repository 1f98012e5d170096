using System.Management.Automation;
using CrCore;
using CrCore.Live;

namespace CrModule.Pipeline;

/// <summary>What Suspend- and Resume-ProcessTree share.</summary>
public abstract class SuspensionCommand : ProcessTreeCommand
{
    /// <summary>Write the tree's tasks.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private protected abstract string Action { get; }

    private protected abstract IReadOnlyList<SuspendedTask> Work(int pid, ICrLog log, CancellationToken cancel);

    private protected override void ProcessRoot(CheckpointTarget root)
    {
        if (!ShouldProcess($"process tree of {root}", Action))
            return;
        if (!TryRun(root.Id, (log, _, cancel) => Work(root.Id, log, cancel), out _) || !PassThru)
            return;
        // As they are now, not as they were when they were looked for.
        if (TryRun(root.Id, (_, _, cancel) => LiveTree.List(root.Id, new CheckpointOptions(), cancel), out var tasks))
            foreach (var task in CrProcess.Of(root.Id, tasks))
                WriteObject(task);
    }
}
