using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Restore;

/// <summary>Which namespaces the restored tree gets, and whether an init is made for it.</summary>
/// <param name="Flags">New namespaces for the first process.</param>
/// <param name="NeedsInit">The tree has no pid 1 of its own: an init stands in front of it.</param>
public sealed record NamespacePlan(CloneFlags Flags, bool NeedsInit)
{
    /// <summary>The tree's pids are numbers of a namespace of its own, free whatever runs here.</summary>
    public bool NewPid => (Flags & CloneFlags.NewPid) != 0;

    public bool NewUser => (Flags & CloneFlags.NewUser) != 0;

    /// <param name="image">The tree; one whose root is pid 1 comes back as a container.</param>
    /// <param name="options">See <see cref="RestoreOptions.NewPidNamespace"/>.</param>
    /// <param name="privileged">Whether namespaces can be made without a user namespace.</param>
    public static NamespacePlan Make(ImageModel image, RestoreOptions options, bool privileged)
    {
        var container = image.Root.VPid == 1;
        if (!container && !options.NewPidNamespace)
            return new NamespacePlan(CloneFlags.None, NeedsInit: false);
        var flags = CloneFlags.NewPid | CloneFlags.NewNs | (privileged ? 0 : CloneFlags.NewUser);
        return new NamespacePlan(flags, NeedsInit: !container);
    }
}
