using System.Management.Automation;
using CrCore.Live;
using CrModule.Pipeline;

namespace CrModule.Commands;

/// <summary>Lists the tasks of running trees, with their sizes and with what stands in the way of a checkpoint. Touches nothing.</summary>
[Cmdlet(VerbsCommon.Get, "ProcessTree", DefaultParameterSetName = IdSet)]
[OutputType(typeof(CrProcess))]
public sealed class GetProcessTreeCommand : CheckpointPolicyCommand
{
    /// <summary>The type name that the tree view is bound to.</summary>
    private const string TreeTypeName = "CrModule.CrProcess#Tree";

    /// <summary>Show the tasks as a tree.</summary>
    [Parameter]
    public SwitchParameter Tree { get; set; }

    private protected override void ProcessRoot(CheckpointTarget root)
    {
        var options = Policies;
        if (!TryRun(root.Id, (_, _, cancel) => LiveTree.List(root.Id, options, cancel), out var tasks))
            return;
        WriteVerbose($"The tree of {root} has {tasks.Count} tasks, {tasks.Sum(t => t.Obstacles.Count)} obstacles and warnings.");
        foreach (var task in tasks)
        {
            WriteDebug($"Task {task.Summary.Pid} ({task.Summary.Comm}), state {task.Summary.State}, {task.Summary.ThreadCount} threads, {task.PrivateBytes} bytes of its own.");
            foreach (var obstacle in task.Obstacles)
                WriteDebug($"{obstacle.Id}: {obstacle}");
        }
        foreach (var task in CrProcess.Of(root.Id, tasks))
        {
            var item = new PSObject(task);
            if (Tree)
                item.TypeNames.Insert(0, TreeTypeName);
            WriteObject(item);
        }
    }
}
