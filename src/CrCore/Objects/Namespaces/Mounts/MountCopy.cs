using CrCore.Kernel;

namespace CrCore.Objects.Namespaces;

/// <summary>Which mounts of a namespace are those that it began with, as a copy of another one (clone_mnt in fs/namespace.c).</summary>
internal static class MountCopy
{
    /// <param name="theirs">The namespace's.</param>
    /// <param name="own">The other one's.</param>
    /// <returns>Ids of the former; null where it lacks one, or has it elsewhere.</returns>
    public static HashSet<int>? Match(IReadOnlyList<MountEntry> theirs, IReadOnlyList<MountEntry> own)
    {
        var left = new Dictionary<(string, uint, uint, string, string), Queue<MountEntry>>();
        foreach (var m in theirs)
        {
            if (!left.TryGetValue(Key(m), out var queue))
                left[Key(m)] = queue = new Queue<MountEntry>();
            queue.Enqueue(m);
        }
        var copies = new Dictionary<int, MountEntry>();
        foreach (var m in own)
        {
            if (!left.TryGetValue(Key(m), out var queue) || !queue.TryDequeue(out var copy))
                return null;
            copies[m.Id] = copy;
        }
        foreach (var m in own)
            if (copies.TryGetValue(m.ParentId, out var parent) && m.ParentId != m.Id && copies[m.Id].ParentId != parent.Id)
                return null;
        return [.. copies.Values.Select(m => m.Id)];
    }

    private static (string, uint, uint, string, string) Key(MountEntry m) => (m.MountPoint, m.DeviceMajor, m.DeviceMinor, m.Root, m.FileSystem);
}
