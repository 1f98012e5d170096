using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Namespaces;

namespace CrCore.Restore;

/// <summary>Which namespaces the restored tree gets, and whether an init is made for it.</summary>
/// <param name="Flags">New namespaces for the first process.</param>
/// <param name="NeedsInit">The tree has no pid 1 of its own: an init stands in front of it.</param>
public sealed record NamespacePlan(CloneFlags Flags, bool NeedsInit)
{
    private const ulong NoSuid = 2, NoDev = 4, NoExec = 8;

    /// <summary>The tree's pids are numbers of a namespace of its own, free whatever runs here.</summary>
    public bool NewPid => (Flags & CloneFlags.NewPid) != 0;

    /// <summary>The tree gets a user namespace of its own.</summary>
    public bool NewUser => (Flags & CloneFlags.NewUser) != 0;

    /// <summary>The tree gets a mount namespace of its own.</summary>
    public bool NewMounts => (Flags & CloneFlags.NewNs) != 0;

    /// <summary>The ids of the user namespace; null where none is made.</summary>
    public IdMapsRecord? Ids { get; private init; }

    /// <summary>The clocks of the time namespace; null where none is made.</summary>
    public ClocksRecord? Clocks { get; private init; }

    /// <summary>What is mounted in the mount namespace, in this order.</summary>
    public IReadOnlyList<MountRecord> Mounts { get; private init; } = [];

    /// <summary>The mounts of a mount namespace with a root of its own, in this order, and the files in them; else empty.</summary>
    internal MountTree Tree { get; private init; } = MountTree.None;

    /// <summary>The mounts of each mount namespace beside the root's, by the task that owns it, what comes from the machine there coming from the root's.</summary>
    internal IReadOnlyDictionary<int, MountTree> Further { get; private init; } = new Dictionary<int, MountTree>();

    /// <summary>See <see cref="CheckContext.OnThisMachine"/>.</summary>
    internal string? OnThisMachine(string path)
    {
        if (FurtherNames.Split(Further, path, out var there) is { } tree)
        {
            if (tree.OnThisMachine(there) is not { } seen)
                return null;
            path = seen;
        }
        return Tree.IsEmpty ? path : Tree.OnThisMachine(path);
    }

    /// <param name="image">The tree; one whose root is pid 1 comes back as a container.</param>
    /// <param name="options">See <see cref="RestoreOptions.NewPidNamespace"/>.</param>
    /// <param name="privileged">Whether namespaces can be made without a user namespace.</param>
    public static NamespacePlan Make(ImageModel image, RestoreOptions options, bool privileged)
    {
        var root = image.Root;
        // Kinds have the same bits here and there (linux/sched.h); a time namespace is made before, for its clocks can be set
        // only until somebody is in it.
        var flags = (CloneFlags)((root.Get<NamespacesRecord>()?.Own ?? 0) & ~NamespaceSet.Time);
        if (root.VPid == 1 || options.NewPidNamespace)
            flags |= CloneFlags.NewPid;
        // What /proc shows belongs to one pid namespace, so a new one needs a /proc of its own (pid_namespaces(7)).
        if ((flags & CloneFlags.NewPid) != 0)
            flags |= CloneFlags.NewNs;
        if (flags != CloneFlags.None && !privileged)
            flags |= CloneFlags.NewUser;
        var plan = new NamespacePlan(flags, NeedsInit: (flags & CloneFlags.NewPid) != 0 && root.VPid != 1);
        return plan with
        {
            Ids = plan.NewUser ? root.Get<IdMapsRecord>() ?? OwnIds(root) : null,
            Clocks = ChildrensClocksKind.Of(root, forChildren: false) ?? (options.NewTimeNamespace ? root.Get<MachineClocksRecord>()?.AsOwn() : null),
            Mounts = plan.NewMounts && root.Get<TreeMountRecord>() is null ? MountsOf(root, plan.NewPid) : [],
            Tree = plan.NewMounts ? MountTree.Of(image, plan.NewPid, options.ExternalMounts) : MountTree.None,
            Further = MountTree.Further(image),
        };
    }

    /// <summary>Ids as they are outside: without CAP_SETUID only the own id can be mapped, and setgroups must be denied first.</summary>
    private static IdMapsRecord OwnIds(TaskImage root) => new()
    {
        VPid = root.VPid,
        Users = [Same((uint)Libc.Syscall(Sys.geteuid))],
        Groups = [Same((uint)Libc.Syscall(Sys.getegid))],
    };

    private static IdMapRange Same(uint id) => new(id, id, 1);

    private static List<MountRecord> MountsOf(TaskImage root, bool newPid)
    {
        var mounts = root.All<MountRecord>().ToList();
        if (newPid && !mounts.Exists(m => m is { FileSystem: "proc", Point: "/proc" }))
            mounts.Insert(0, new MountRecord(root.VPid, "/proc", "proc", "proc", NoSuid | NoDev | NoExec, ""));
        return mounts;
    }
}
