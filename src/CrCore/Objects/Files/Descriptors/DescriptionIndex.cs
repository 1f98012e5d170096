using CrCore.Checkpoint;
using CrCore.Kernel;

namespace CrCore.Objects.Files;

/// <summary>
/// Tells open file descriptions apart. Two descriptors can share one only if what can be seen of it is equal; among
/// those that are, the kernel's own order (kcmp(2)) sorts, so that n descriptors cost about n log n comparisons.
/// </summary>
internal sealed class DescriptionIndex(SharedObjects shared)
{
    private readonly Dictionary<Key, List<Entry>> _candidates = [];

    private readonly record struct Key(ulong Device, ulong Inode, uint Flags, long Position);

    private readonly record struct Entry(int Pid, int Fd, uint ObjRef);

    /// <summary>The reference of the description behind a descriptor of a frozen task.</summary>
    /// <param name="first">Set when it was not seen before.</param>
    public uint Reference(Descriptor d, out bool first)
    {
        var key = new Key(d.Status.Device, d.Status.Inode, d.Flags, d.Info.Position);
        if (!_candidates.TryGetValue(key, out var entries))
            _candidates.Add(key, entries = []);
        var (low, high) = (0, entries.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            var e = entries[middle];
            var order = Kcmp.Compare(d.Pid, e.Pid, KcmpType.File, d.Fd, e.Fd);
            if (order == 0)
            {
                first = false;
                return e.ObjRef;
            }
            if (order < 0)
                high = middle;
            else
                low = middle + 1;
        }
        var objRef = shared.Reference(("description", d.Pid, d.Fd), out first);
        entries.Insert(low, new Entry(d.Pid, d.Fd, objRef));
        return objRef;
    }
}

/// <summary>Finds tasks that share a whole object (descriptor table, fs context), by the kernel's own order.</summary>
internal sealed class TaskSharingIndex(SharedObjects shared, KcmpType type)
{
    private readonly List<(int Pid, uint ObjRef)> _known = [];

    /// <summary>The reference of the task's object.</summary>
    /// <param name="first">Set when no task before shares it.</param>
    public uint Reference(int pid, out bool first)
    {
        var (low, high) = (0, _known.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            var order = Kcmp.Compare(pid, _known[middle].Pid, type);
            if (order == 0)
            {
                first = false;
                return _known[middle].ObjRef;
            }
            if (order < 0)
                high = middle;
            else
                low = middle + 1;
        }
        var objRef = shared.Reference((type, pid), out first);
        _known.Insert(low, (pid, objRef));
        return objRef;
    }
}
