using CrCore.Checkpoint;
using CrCore.Kernel;

namespace CrCore.Objects.Namespaces;

/// <summary>
/// The mount namespaces in which tasks of a tree are beside the root's, and which mount is of which. Names of files in an image are seen
/// from the root's: those of another one lead through /proc/PID/root of its first task (its owner), which proc shows to all.
/// </summary>
internal sealed class FurtherMounts
{
    private readonly int _root;
    private readonly Dictionary<int, int> _owners = [], _homes = [], _vpids = [];
    private readonly Dictionary<int, List<MountEntry>> _mounts = [];

    private FurtherMounts(int root) => _root = root;

    public static FurtherMounts Of(InspectContext context)
        => context.States.Get(() => Make(context.Proc, context.Root.Pid, context.Tasks.Values.Where(t => !t.IsZombie).Select(t => (t.Pid, t.VPid))));

    public static FurtherMounts Of(CaptureContext context)
        => context.States.Get(() => Make(context.Proc, context.Root.Pid, context.Tasks.Where(t => !t.IsZombie).Select(t => (t.Pid, t.VPid))));

    /// <summary>All tasks are in the mount namespace of the root.</summary>
    public bool IsEmpty => _owners.Count == 0;

    /// <summary>The pid of the tree's root.</summary>
    public int Root => _root;

    /// <summary>The pids of the owners.</summary>
    public IEnumerable<int> Owners => _vpids.Keys;

    /// <summary>The owner of the further namespace that a task is in; 0 for the root's.</summary>
    public int OwnerOf(int pid) => _owners.GetValueOrDefault(pid);

    /// <summary>An owner's number as the tree sees it; 0 for the root, whose names need none.</summary>
    public int VPidOf(int owner) => _vpids.GetValueOrDefault(owner);

    /// <summary>The owner of the namespace that a mount is in, or the root; 0 for a mount of neither.</summary>
    public int HomeOf(int mountId) => _homes.GetValueOrDefault(mountId);

    /// <summary>All mounts of a home.</summary>
    public IReadOnlyList<MountEntry> MountsOf(int home) => _mounts[home];

    /// <summary>Whether another home shows the file system of a mount, too.</summary>
    public bool IsShownElsewhere(int home, MountEntry mount)
    {
        foreach (var (other, mounts) in _mounts)
            if (other != home && mounts.Exists(m => (m.DeviceMajor, m.DeviceMinor) == (mount.DeviceMajor, mount.DeviceMinor)))
                return true;
        return false;
    }

    /// <summary>What goes before a name from the root of a home's namespace to reach it from here.</summary>
    public static string PrefixOf(int home) => OwnNamespaces.MountRoot(home);

    /// <summary>How an image calls a file whose name from the root of a home's namespace is <paramref name="name"/>.</summary>
    public string NameOf(int home, string name) => _vpids.TryGetValue(home, out var vpid) ? FurtherNames.Of(vpid, name) : name;

    /// <summary>The id of the mount by which a path of this process leads to a file; 0 where that cannot be told.</summary>
    public static int MountOf(string path)
    {
        using var held = OwnDescriptor.Open(path, FileNative.O_PATH, out _);
        if (held is null)
            return 0;
        // Numbers of this process come and go: nothing that was read of them before counts.
        using var anew = new ProcReader();
        return ProcFd.TryReadInfo(anew, Environment.ProcessId, held.Number, out var info, out _) ? info.MountId : 0;
    }

    private static FurtherMounts Make(ProcReader proc, int root, IEnumerable<(int Pid, int VPid)> tasks)
    {
        var further = new FurtherMounts(root);
        if (!ProcNamespaces.TryRead(proc, root, NamespaceKind.Mount, out var roots))
            return further;
        var owners = new Dictionary<ulong, int>();
        foreach (var (pid, vpid) in tasks)
        {
            if (!ProcNamespaces.TryRead(proc, pid, NamespaceKind.Mount, out var theirs) || theirs == roots)
                continue;
            if (owners.TryAdd(theirs, pid))
                further._vpids[pid] = vpid;
            further._owners[pid] = owners[theirs];
        }
        if (further.IsEmpty)
            return further;
        foreach (var home in (ReadOnlySpan<int>)[root, .. owners.Values])
        {
            var mounts = new List<MountEntry>();
            ProcMountInfo.TryRead(proc, home, mounts);
            further._mounts[home] = mounts;
            foreach (var m in mounts)
                further._homes[m.Id] = home;
        }
        return further;
    }
}
