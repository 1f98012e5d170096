using CrCore.Kernel;
using CrCore.Objects.Files;

namespace CrCore.Objects.Namespaces;

/// <summary>
/// Preflight of descriptors where a tree has several mount namespaces: each must be found again by a name in the namespace whose mount it
/// was opened on, which need not be the one of the task that has it.
/// </summary>
internal static class FurtherFiles
{
    private const string Advice = "Checkpoint the part of the tree that has the other mount namespace by itself, or let the program close it first.";

    public static void Inspect(DescriptorInspection inspection, Descriptor d)
    {
        // A glimpse has no ids of mounts.
        if (inspection.Context.IsGlimpse || FurtherMounts.Of(inspection.Context) is not { IsEmpty: false } further)
            return;
        if (Reason(further, d) is { } reason)
            inspection.Refuse(d, "CrMountNamespaceFile", reason, Advice);
    }

    /// <summary>The name that stands in the image.</summary>
    public static string NameOf(FurtherMounts further, Descriptor d) => further.IsEmpty ? d.Name : further.NameOf(further.HomeOf(d.Info.MountId), d.Name);

    private static string? Reason(FurtherMounts further, Descriptor d)
    {
        var home = further.HomeOf(d.Info.MountId);
        // A mount from outside of the tree: as for a tree of one namespace, its name is taken for the root's.
        if (home == 0)
            home = further.Root;
        var isTaskThere = further.OwnerOf(d.TaskPid) != 0;
        if (home == further.Root && !isTaskThere)
            return null;
        var type = DescriptorKinds.Find(d)?.Types[0];
        if (type is FdType.Inotify or FdType.Fanotify)
            return isTaskThere ? "the task is in another mount namespace than the tree's root, and what it watches is not saved yet" : null;
        // The file of a bound socket has rules of its own (UnixFiles).
        if (d.Place == NamePlace.Nameless)
            return null;
        var leads = DescriptorReader.LeadsTo(d.Name, d.Status, FurtherMounts.PrefixOf(home));
        // One that lost this name and has others may be in a file system that is made anew, where it is not found by its handle.
        var isGone = d.Place == NamePlace.Deleted;
        if (home == further.Root)
            return leads || isGone ? null : "the task is in another mount namespace than the tree's root, and the file, which was opened in the root's, is not found there by its name";
        return !leads && !isGone ? "it is open in another mount namespace than the tree's root's, and its name there no longer leads to it, which is not saved yet"
            : type is not (FdType.File or FdType.Directory or FdType.Path or FdType.Device) ? "it is open in another mount namespace than the tree's root's, which is saved of files, directories and plain devices only"
            : null;
    }
}
