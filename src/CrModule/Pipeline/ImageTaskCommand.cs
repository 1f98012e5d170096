using System.Management.Automation;
using CrCore;
using CrCore.Image;
using CrModule.Completion;

namespace CrModule.Pipeline;

/// <summary>A command that looks at tasks of an image: all of them, or those that -VPid and -Comm name.</summary>
public abstract class ImageTaskCommand : ImagePathCommand
{
    private WildcardPattern[]? _patterns;

    /// <summary>Process ids inside the tree's own pid namespace.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateRange(1, ImageLimits.MaxPid)]
    [ArgumentCompleter(typeof(ImageTaskCompleter))]
    public int[] VPid { get; set; } = [];

    /// <summary>Names, wildcards allowed.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ImageTaskCompleter))]
    public string[] Comm { get; set; } = [];

    /// <summary>The tasks that are asked for, in the image's order. One that was named and is not there is an error.</summary>
    private protected List<TaskImage> Wanted(string path, ImageModel image)
    {
        foreach (var vpid in VPid)
            if (image.FindTask(vpid) is null)
                WriteNoTask(path, vpid);
        _patterns ??= Array.ConvertAll(Comm, c => WildcardPattern.Get(c, WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant));
        var wanted = new List<TaskImage>();
        foreach (var task in image.Tasks)
            if ((VPid.Length == 0 || Array.IndexOf(VPid, task.VPid) >= 0) && (_patterns.Length == 0 || Array.Exists(_patterns, p => p.IsMatch(task.Comm))))
                wanted.Add(task);
        return wanted;
    }
}
