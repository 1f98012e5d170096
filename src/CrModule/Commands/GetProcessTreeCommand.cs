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
        foreach (var task in CrProcess.Of(root.Id, tasks))
        {
            var item = new PSObject(task);
            if (Tree)
                item.TypeNames.Insert(0, TreeTypeName);
            WriteObject(item);
        }
    }
}
