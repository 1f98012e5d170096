using CrCore.Kernel;

namespace CrCore.Objects.Namespaces;

/// <summary>A mount of a tree with a root of its own, and how it is made again.</summary>
/// <param name="Entry">As mountinfo has it.</param>
/// <param name="Origin">What is mounted there at the restore.</param>
/// <param name="Source">See <see cref="TreeMountRecord"/>.</param>
/// <param name="HasContents">A new file system whose files are saved with it.</param>
/// <param name="From">The place of the mount of which <paramref name="Source"/> is a path, where that is out of sight by now; else -1.</param>
internal sealed record TableMount(MountEntry Entry, MountOrigin Origin, string Source, bool HasContents, int From = -1);

/// <summary>
/// The mounts of a mount namespace with another root than this program's (pivot_root(2)), in an order in which they can be
/// made: each is found on this machine, in a mount of the tree that was made before it, or is a file system to be made anew.
/// </summary>
/// <param name="Mounts">Those that can be made again.</param>
/// <param name="Unsaved">Those that cannot.</param>
internal sealed record MountTable(IReadOnlyList<TableMount> Mounts, IReadOnlyList<MountEntry> Unsaved)
{
    /// <summary>The words of mountinfo for peer groups.</summary>
    public const string Shared = "shared:", Master = "master:";

    /// <summary>File systems whose contents are the kernel's: whoever mounts one sees what belongs to the own namespaces or to the machine.</summary>
    private static readonly HashSet<string> _kernels =
        ["proc", "sysfs", "mqueue", "devpts", "cgroup", "cgroup2", "binfmt_misc", "debugfs", "tracefs", "securityfs", "fusectl", "configfs", "devtmpfs"];

    /// <summary>Those that show a namespace of the tree's own, and are never this machine's.</summary>
    private static readonly HashSet<string> _namespaces = ["proc", "mqueue"];

    /// <param name="theirs">The tree's mounts, from the root of its mount namespace.</param>
    /// <param name="own">This program's; for a further namespace of a tree, its root's.</param>
    /// <param name="external">Those that the restore is to be given.</param>
    /// <param name="isSame">Whether a path of this machine's leads to what a mount of the tree shows; not asked of one that another covers.</param>
    /// <param name="isOther">Of a covered mount that would come from a path: whether that does not even lead into its file system; null not to ask.</param>
    public static MountTable Make(IReadOnlyList<MountEntry> theirs, IReadOnlyList<MountEntry> own, ExternalMounts external, Func<string, MountEntry, bool> isSame, Func<string, MountEntry, bool>? isOther = null)
    {
        var mounts = new List<TableMount>(theirs.Count);
        var unsaved = new List<MountEntry>();
        var ordered = InOrder(theirs);
        for (var i = 0; i < ordered.Count; i++)
        {
            var (m, isCovered) = (ordered[i], IsCovered(ordered, i));
            if (!isCovered && external.Keys.TryGetValue(m.MountPoint, out var key))
                mounts.Add(new TableMount(m, MountOrigin.External, key, false));
            // What another mount covers cannot be looked at.
            else if (Find(m, own, mounts, !isCovered ? isSame : (path, covered) => isOther?.Invoke(path, covered) != true, isOther is not null) is { } found)
                mounts.Add(found);
            else if (!isCovered && external.Others)
                mounts.Add(new TableMount(m, MountOrigin.External, m.MountPoint, false));
            else
                unsaved.Add(m);
        }
        return new MountTable(mounts, unsaved);
    }

    /// <summary>Whether a later mount is seen where this one is.</summary>
    public bool IsCovered(int index)
    {
        for (var i = index + 1; i < Mounts.Count; i++)
            if (Below(Mounts[i].Entry.MountPoint, Mounts[index].Entry.MountPoint) is not null)
                return true;
        return false;
    }

    /// <summary>The same of a namespace that began as a copy of another one, as nearly all do, and has all of that one's mounts still: the others come after them.</summary>
    /// <returns>Null where it does not.</returns>
    public static MountTable? MakeCopy(IReadOnlyList<MountEntry> theirs, IReadOnlyList<MountEntry> own, Func<string, MountEntry, bool> isSame)
    {
        if (MountCopy.Match(theirs, own) is not { } kept)
            return null;
        var mounts = new List<TableMount>(theirs.Count);
        var unsaved = new List<MountEntry>();
        var ordered = InOrder(theirs).OrderBy(m => kept.Contains(m.Id) ? 0 : 1).ToList();
        for (var i = 0; i < ordered.Count; i++)
        {
            var m = ordered[i];
            if (kept.Contains(m.Id))
                mounts.Add(new TableMount(m, MountOrigin.Kept, m.MountPoint, false));
            else if (OwnerOf(ordered, m.MountPoint, i)?.Id != m.ParentId)
                return null;
            else if (Find(m, own, mounts, isSame, true) is { } found && !IsCovered(ordered, i))
                mounts.Add(found);
            else
                unsaved.Add(m);
        }
        return new MountTable(mounts, unsaved);
    }

    private static MountEntry? OwnerOf(List<MountEntry> ordered, string path, int count)
    {
        for (var i = count - 1; i >= 0; i--)
            if (Below(ordered[i].MountPoint, path) is not null)
                return ordered[i];
        return null;
    }

    /// <summary>
    /// A mount after the one that it is mounted on, and all that is on it before the next beside it, which may cover it: each is made while
    /// its place can still be seen.
    /// </summary>
    private static List<MountEntry> InOrder(IReadOnlyList<MountEntry> mounts)
    {
        var known = mounts.Select(m => m.Id).ToHashSet();
        var children = new Dictionary<int, List<MountEntry>>();
        var todo = new Stack<MountEntry>();
        foreach (var m in mounts)
            if (m.ParentId == m.Id || !known.Contains(m.ParentId))
                todo.Push(m);
            else if (children.TryGetValue(m.ParentId, out var siblings))
                // On the same mount a place below another one's can only have been taken before that one.
                siblings.Insert(siblings.FindIndex(o => Below(o.MountPoint, m.MountPoint) is { Length: > 0 }) is var at and >= 0 ? at : siblings.Count, m);
            else
                children[m.ParentId] = [m];
        var ordered = new List<MountEntry>(mounts.Count);
        while (todo.TryPop(out var next))
        {
            ordered.Add(next);
            if (children.TryGetValue(next.Id, out var on))
                for (var i = on.Count - 1; i >= 0; i--)
                    todo.Push(on[i]);
        }
        return ordered;
    }

    private static TableMount? Find(MountEntry m, IReadOnlyList<MountEntry> own, List<TableMount> before, Func<string, MountEntry, bool> isSame, bool ofTree)
    {
        // What shows the same as one from outside goes with that one.
        foreach (var there in before)
            if (there.Origin == MountOrigin.External && IsSameFileSystem(there.Entry, m) && Below(there.Entry.Root, m.Root) is { } rest && !IsHidden(before, there, Join(there.Entry.MountPoint, rest)))
                return new TableMount(m, MountOrigin.Tree, Join(there.Entry.MountPoint, rest), false);
        if (ofTree || !(m.Root == "/" && _namespaces.Contains(m.FileSystem)))
            foreach (var there in own)
                if (IsSameFileSystem(there, m) && Below(there.Root, m.Root) is { } rest && Join(there.MountPoint, rest) is var path && isSame(path, m))
                    return new TableMount(m, MountOrigin.Host, path, false);
        foreach (var there in before)
            if (IsSameFileSystem(there.Entry, m) && Below(there.Entry.Root, m.Root) is { } rest && !IsHidden(before, there, Join(there.Entry.MountPoint, rest)))
                return new TableMount(m, MountOrigin.Tree, Join(there.Entry.MountPoint, rest), false);
        for (var i = 0; i < before.Count; i++)
            if (IsSameFileSystem(before[i].Entry, m) && Below(before[i].Entry.Root, m.Root) is { } rest && !(before[i].Origin == MountOrigin.Kept && IsHiddenFromStart(before, before[i], Join(before[i].Entry.MountPoint, rest))))
                return new TableMount(m, MountOrigin.Tree, Join(before[i].Entry.MountPoint, rest), false, i);
        return m.Root == "/" && (_kernels.Contains(m.FileSystem) || IsInMemory(m.FileSystem))
            ? new TableMount(m, MountOrigin.New, m.Source, IsInMemory(m.FileSystem)) : null;
    }

    /// <summary>File systems that begin empty, and whose files are nowhere else.</summary>
    internal static bool IsInMemory(string fileSystem) => fileSystem is "tmpfs" or "ramfs";

    private static bool IsSameFileSystem(MountEntry a, MountEntry b) => (a.DeviceMajor, a.DeviceMinor) == (b.DeviceMajor, b.DeviceMinor);

    /// <summary>Whether a path of a mount is covered by another one that was mounted later.</summary>
    private static bool IsHidden(List<TableMount> mounts, TableMount mount, string path)
    {
        for (var i = mounts.IndexOf(mount) + 1; i < mounts.Count; i++)
            if (Below(mounts[i].Entry.MountPoint, path) is not null)
                return true;
        return false;
    }

    /// <summary>The same of one that is there when the others begin to be made.</summary>
    private static bool IsHiddenFromStart(List<TableMount> mounts, TableMount mount, string path) => IsHidden(mounts.FindAll(m => m.Origin == MountOrigin.Kept), mount, path);

    /// <summary>Whether a later mount is seen where this one is.</summary>
    private static bool IsCovered(List<MountEntry> ordered, int index)
    {
        for (var i = index + 1; i < ordered.Count; i++)
            if (Below(ordered[i].MountPoint, ordered[index].MountPoint) is not null)
                return true;
        return false;
    }

    /// <summary>What follows <paramref name="top"/> in <paramref name="path"/> ("" or "/…"); null when it does not lie there.</summary>
    internal static string? Below(string top, string path)
        => top == "/" ? (path == "/" ? "" : path)
            : path == top ? ""
            : path.StartsWith(top, StringComparison.Ordinal) && path[top.Length] == '/' ? path[top.Length..] : null;

    /// <summary>A path below a directory.</summary>
    internal static string Join(string top, string rest) => rest.Length == 0 ? top : top == "/" ? rest : top + rest;
}
