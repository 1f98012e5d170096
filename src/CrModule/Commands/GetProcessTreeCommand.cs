using System.Management.Automation;
using CrCore;
using CrCore.Live;
using CrModule.Pipeline;

namespace CrModule.Commands;

/// <summary>Lists the tasks of running trees, with their sizes and with what stands in the way of a checkpoint. Touches nothing.</summary>
[Cmdlet(VerbsCommon.Get, "ProcessTree", DefaultParameterSetName = IdSet)]
[OutputType(typeof(CrProcess))]
public sealed class GetProcessTreeCommand : ProcessTreeCommand
{
    /// <summary>The type name that the tree view is bound to.</summary>
    private const string TreeTypeName = "CrModule.CrProcess#Tree";

    /// <summary>Show the tasks as a tree.</summary>
    [Parameter]
    public SwitchParameter Tree { get; set; }

    private protected override void ProcessRoot(CheckpointTarget root)
    {
        if (!TryRun(root.Id, (_, _, cancel) => LiveTree.List(root.Id, new CheckpointOptions(), cancel), out var tasks))
            return;
        var branches = TreeBranch.Draw([.. tasks.Select(t => t.ParentIndex)]);
        for (var i = 0; i < tasks.Count; i++)
        {
            var item = new PSObject(new CrProcess(root.Id, tasks[i], branches[i]));
            if (Tree)
                item.TypeNames.Insert(0, TreeTypeName);
            WriteObject(item);
        }
    }
}
