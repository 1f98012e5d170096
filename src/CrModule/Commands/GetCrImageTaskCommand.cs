using System.Management.Automation;
using CrCore.Image;
using CrModule.Pipeline;

namespace CrModule.Commands;

/// <summary>Lists the tasks of an image, depth-first. Reads no page data.</summary>
[Cmdlet(VerbsCommon.Get, "CrImageTask", DefaultParameterSetName = LiteralPathSet)]
[OutputType(typeof(CrImageTask))]
public sealed class GetCrImageTaskCommand : ImageTaskCommand
{
    /// <summary>The type name that the tree view is bound to.</summary>
    private const string TreeTypeName = "CrModule.CrImageTask#Tree";

    /// <summary>Show the tasks as a tree.</summary>
    [Parameter]
    public SwitchParameter Tree { get; set; }

    private protected override void ProcessImage(string path)
    {
        if (!TryReadModel(path, out var model))
            return;
        var wanted = Wanted(path, model).ToHashSet();
        var branches = new TreeBranch[model.Tasks.Count];
        foreach (var task in model.Tasks)
        {
            if (Stopping)
                return;
            var parent = task.Parent;
            var branch = branches[task.Index] = new TreeBranch(parent is null ? null : branches[parent.Index], parent is null || parent.Children[^1] == task);
            if (!wanted.Contains(task))
                continue;
            var item = new PSObject(new CrImageTask(path, task, branch));
            if (Tree)
                item.TypeNames.Insert(0, TreeTypeName);
            WriteObject(item);
        }
    }
}
