using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Restore;

namespace CrCore.Objects.Namespaces;

/// <summary>Whether what was said of mounts from outside fits the tree, and then the image.</summary>
internal static class ExternalMountCheck
{
    public static void Inspect(InspectContext context, LiveTask root, MountTable table)
    {
        foreach (var (point, _) in context.Options.ExternalMounts.Keys)
            if (!table.Mounts.Any(m => m.Origin == MountOrigin.External && m.Entry.MountPoint == point))
                RefusePoint(context, root, point, "nothing is mounted there in the tree's mount namespace, or another mount covers it");
    }

    public static void RefusePoint(InspectContext context, LiveTask root, string point, string reason)
        => context.Refuse(root, "CrExternalMountUnknown", $"mount {point}", $"it was declared as one from outside, and {reason}", "Name the mount point as the tree sees it (/proc/PID/mountinfo).", CrErrorKind.NotFound);

    /// <summary>Of an image: all that are still without a path, and paths for which there is no mount.</summary>
    public static void Check(CheckContext context, TaskImage root, MountTree tree)
    {
        foreach (var m in tree.Mounts)
            if (m.Origin == MountOrigin.External)
                context.Refuse(root, "CrExternalMountMissing", $"mount {m.Point}", $"{m.FileSystem} was mounted there from outside of the tree, and for its key '{m.Source}' nothing is given", $"Say what is mounted there: -ExternalMount @{{ '{m.Source}' = 'PATH' }}.", CrErrorKind.NotFound);
        foreach (var (key, path) in context.Options.ExternalMounts.Paths)
            if (!context.Image.Root.All<TreeMountRecord>().Any(m => m.Origin == MountOrigin.External && m.Source == key))
                context.Refuse(root, "CrExternalMountUnknown", $"external mount {key}", $"{path} is given for this key, and the image has no mount from outside with it", "The keys are those that the checkpoint was given.", CrErrorKind.NotFound);
    }
}
