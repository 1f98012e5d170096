using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;

namespace CrCore.Objects.Namespaces;

/// <summary>The saved mounts of a mount namespace with a root of its own, and the files of those that are made anew.</summary>
/// <param name="Mounts">In the order in which they are made, the root first.</param>
/// <param name="Files">A directory before what is in it.</param>
/// <param name="Contents">By the reference of the file.</param>
internal sealed record MountTree(IReadOnlyList<TreeMountRecord> Mounts, IReadOnlyList<MountedFileRecord> Files, ILookup<uint, FileDataRecord> Contents)
{
    public static readonly MountTree None = new([], [], Enumerable.Empty<FileDataRecord>().ToLookup(f => f.Object));

    public bool IsEmpty => Mounts.Count == 0;

    /// <summary>The namespace begins as a copy of the root's and keeps what is mounted there.</summary>
    public bool IsCopy => Mounts[0].Origin == MountOrigin.Kept;

    /// <param name="image">The tree.</param>
    /// <param name="newPid">It gets a pid namespace of its own, whose proc is no longer this machine's.</param>
    /// <param name="given">What is mounted for those from outside; one for which nothing is given stays as it is.</param>
    public static MountTree Of(ImageModel image, bool newPid, GivenMounts given)
    {
        var mounts = image.Root.All<TreeMountRecord>().Select(m => newPid && IsProc(m) ? m with { Origin = MountOrigin.New, Source = "proc", Data = "" }
            : m.Origin == MountOrigin.External && given.PathOf(m.Source) is { } path ? m with { Origin = MountOrigin.Host, Source = path } : m).ToList();
        return mounts.Count == 0 ? None : mounts.Exists(m => m.Origin == MountOrigin.Kept) ? throw Broken("the mounts of the root are to be copies of others") : Make(image.Root, mounts);
    }

    /// <summary>Those of the mount namespaces beside the root's, by the tasks that own them.</summary>
    public static IReadOnlyDictionary<int, MountTree> Further(ImageModel image)
    {
        var owners = new Dictionary<int, MountTree>();
        foreach (var task in image.Tasks)
            if (task.Get<MountNamespaceRecord>() is { IsOwner: true })
                owners[task.VPid] = task.All<TreeMountRecord>().ToList() is { Count: > 0 } mounts ? MakeFurther(task, mounts) : throw Broken($"{task} has a mount namespace of its own without a mount");
        foreach (var task in image.Tasks)
            if (task.Get<MountNamespaceRecord>() is { } there && !(owners.ContainsKey(there.Owner) && task != image.Root))
                throw Broken($"{task} is in the mount namespace of task {there.Owner}, which is none beside the root's");
        return owners;
    }

    private static MountTree MakeFurther(TaskImage task, List<TreeMountRecord> mounts)
    {
        if (mounts.Exists(m => m.Origin == MountOrigin.External))
            throw Broken($"{task} has a mount namespace of its own with mounts from outside of the tree, which only the root's has");
        var tree = Make(task, mounts);
        return tree.LacksProc ? throw Broken($"{task} has a mount namespace of its own without proc on {PassingProc.Point}") : tree;
    }

    private static MountTree Make(TaskImage task, List<TreeMountRecord> mounts)
    {
        // The records are those of one task, and few images have any.
        var tree = new MountTree(mounts, [.. task.All<MountedFileRecord>()], task.All<FileDataRecord>().ToLookup(f => f.Object));
        tree.RequirePlaces();
        for (var i = 1; i < mounts.Count; i++)
            if (mounts[i].Origin == MountOrigin.Kept && mounts[i - 1].Origin != MountOrigin.Kept)
                throw Broken($"the mount on {mounts[i].Point} is to be there before others that come before it");
        return tree;
    }

    /// <summary>Each file is in a directory before it of the same mount: no name of an image leads elsewhere, be it by a link or by "..".</summary>
    private void RequirePlaces()
    {
        if (Mounts[0].Point != "/")
            throw Broken($"the first mount is on {Mounts[0].Point}");
        for (var i = 0; i < Mounts.Count; i++)
            if (Mounts[i].From >= i)
                throw Broken($"mount {i} is made of mount {Mounts[i].From}, which comes after it");
        var directories = new HashSet<(int, string)>();
        var names = new HashSet<(int, string)>();
        foreach (var file in Files)
        {
            if (file.Mount < 0 || file.Mount >= Mounts.Count || Mounts[file.Mount] is not { Origin: MountOrigin.New } m || !MountTable.IsInMemory(m.FileSystem))
                throw Broken($"the file {file.Name} is in no file system that is made anew");
            var isTop = file.Name == m.Point && file.FileType == FileStatus.Directory;
            if (!names.Add((file.Mount, file.Name)) || !(isTop || IsPlaced(file.Mount, file.Name)) || (file.SameAs.Length > 0 && !(names.Contains((file.Mount, file.SameAs)) && IsPlaced(file.Mount, file.SameAs))))
                throw Broken($"the file {file.Name} is in no directory of its mount, or there twice, or the same as {file.SameAs}, which is not there");
            if (file.FileType == FileStatus.Directory)
                directories.Add((file.Mount, file.Name));
        }

        bool IsPlaced(int mount, string name)
            => name.LastIndexOf('/') is var slash && name[(slash + 1)..] is not ("" or "." or "..") && directories.Contains((mount, slash == 0 ? "/" : name[..slash]));
    }

    internal static CrImageException Broken(string what)
        => new("CrImageBadMounts", $"The image is broken: {what}.", -1, "The image is damaged or was not written by this format; take another copy.");

    /// <summary>The machine's view of proc as a whole, which shows another pid namespace's processes than the tree's.</summary>
    private static bool IsProc(TreeMountRecord m) => m is { Origin: MountOrigin.Host, FileSystem: "proc" };

    /// <summary>No proc is mounted on /proc: a restore mounts one for the time that it takes.</summary>
    public bool LacksProc => !IsEmpty && OwnerOf(PassingProc.Point, Mounts.Count) is not { FileSystem: "proc", Point: PassingProc.Point };

    /// <summary>The mount that a path leads into, of the first <paramref name="count"/>; null where there is none.</summary>
    public TreeMountRecord? OwnerOf(string path, int count)
    {
        for (var i = count - 1; i >= 0; i--)
            if (MountTable.Below(Mounts[i].Point, path) is not null)
                return Mounts[i];
        return null;
    }

    /// <summary>Whether a later mount is seen where this one is, so that no path leads to it.</summary>
    public bool IsCovered(int index)
    {
        for (var i = index + 1; i < Mounts.Count; i++)
            if (MountTable.Below(Mounts[i].Point, Mounts[index].Point) is not null)
                return true;
        return false;
    }

    /// <summary>The same of later mounts of an origin.</summary>
    public bool IsCovered(int index, MountOrigin by)
    {
        for (var i = index + 1; i < Mounts.Count; i++)
            if (Mounts[i].Origin == by && MountTable.Below(Mounts[i].Point, Mounts[index].Point) is not null)
                return true;
        return false;
    }

    /// <summary>
    /// Where a file of the tree is on this machine before its mounts are made; null for one in a file system that is made anew, which is
    /// there when it is needed.
    /// </summary>
    /// <param name="path">From the root of the tree's mount namespace, without symbolic links, as the kernel gives names.</param>
    public string? OnThisMachine(string path) => OnThisMachine(path, Mounts.Count);

    /// <summary>The same before all but the first <paramref name="count"/> mounts are made.</summary>
    public string? OnThisMachine(string path, int count)
    {
        for (var i = count - 1; i >= 0; i--)
            if (MountTable.Below(Mounts[i].Point, path) is { } rest)
                return Mounts[i].Origin switch
                {
                    MountOrigin.Host or MountOrigin.Kept => MountTable.Join(Mounts[i].Source, rest),
                    // Of a mount before it, as it was then.
                    MountOrigin.Tree => OnThisMachine(MountTable.Join(Mounts[i].Source, rest), Mounts[i].From >= 0 ? Mounts[i].From + 1 : i),
                    _ => null,
                };
        return path;
    }
}
