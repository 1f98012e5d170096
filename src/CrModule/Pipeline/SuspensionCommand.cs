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
        if (!TryRun(root.Id, (log, _, cancel) => Work(root.Id, log, cancel), out var tasks) || !PassThru)
            return;
        var places = new Dictionary<int, int>();
        var parents = new int[tasks.Count];
        for (var i = 0; i < parents.Length; i++)
        {
            parents[i] = places.GetValueOrDefault(tasks[i].Summary.ParentPid, -1);
            places[tasks[i].Summary.Pid] = i;
        }
        var branches = TreeBranch.Draw(parents);
        for (var i = 0; i < parents.Length; i++)
            WriteObject(new CrProcess(root.Id, tasks[i].Summary, branches[i]));
    }
}
