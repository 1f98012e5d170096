using CrCore.Kernel;

namespace CrCore.Objects.Namespaces;

/// <summary>
/// How the mounts of a tree differ from those of this program. What is the same in both comes back by itself: a restored
/// mount namespace begins as a copy of the restoring program's.
/// </summary>
/// <param name="Remade">Additional ones that a restore makes anew, in their order.</param>
/// <param name="Unsaved">Additional ones that cannot be saved.</param>
/// <param name="Missing">Those of this program that the tree does not have.</param>
/// <param name="Changed">Those in both whose options differ.</param>
internal sealed record MountComparison(
    IReadOnlyList<MountEntry> Remade, IReadOnlyList<MountEntry> Unsaved, IReadOnlyList<MountEntry> Missing, IReadOnlyList<MountEntry> Changed)
{
    /// <param name="theirs">The tree's.</param>
    /// <param name="own">This program's.</param>
    /// <param name="wholeTable">The tree's root directory is that of its mount namespace; else only mounts below it are seen.</param>
    public static MountComparison Make(IReadOnlyList<MountEntry> theirs, IReadOnlyList<MountEntry> own, bool wholeTable)
    {
        var left = new Dictionary<(string, uint, uint, string), Queue<MountEntry>>();
        foreach (var m in own)
            Of(m).Enqueue(m);
        List<MountEntry> remade = [], unsaved = [], changed = [];
        foreach (var m in theirs)
        {
            if (!Of(m).TryDequeue(out var same))
                (IsRemade(m) ? remade : unsaved).Add(m);
            else if (same.Options != m.Options)
                changed.Add(m);
        }
        var missing = new List<MountEntry>();
        if (wholeTable)
            foreach (var rest in left.Values)
                missing.AddRange(rest);
        return new MountComparison(remade, unsaved, missing, changed);

        Queue<MountEntry> Of(MountEntry m)
        {
            if (!left.TryGetValue(Key(m), out var queue))
                left[Key(m)] = queue = new Queue<MountEntry>();
            return queue;
        }
    }

    private static (string, uint, uint, string) Key(MountEntry m) => (m.MountPoint, m.DeviceMajor, m.DeviceMinor, m.Root);

    /// <summary>File systems without contents of their own: the kernel shows in them what is restored otherwise.</summary>
    private static bool IsRemade(MountEntry m) => m.Root == "/" && m.FileSystem is ("proc" or "sysfs" or "mqueue");
}
