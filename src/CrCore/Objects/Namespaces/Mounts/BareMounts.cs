using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Remote;

namespace CrCore.Objects.Namespaces;

/// <summary>
/// Mounts of another mount namespace, each without what is mounted on it: copies that nobody else sees (open_tree(2)), made by a
/// passing process that enters the namespace, and gone when this is disposed of. On the tracer thread only.
/// </summary>
internal sealed class BareMounts : IDisposable
{
    private const uint OpenTreeClone = 1, OpenTreeCloseOnExec = 0x80000;
    private const int MsRec = 0x4000, MsPrivate = 1 << 18, MntDetach = 2, NoFollow = 8, AtOnce = 32;

    private readonly Dictionary<int, OwnDescriptor> _mounts = [];

    /// <summary>A path from this process to the top of a mount; null where it could not be had.</summary>
    public string? PathOf(int index) => _mounts.TryGetValue(index, out var mount) ? $"/proc/self/fd/{mount.Number}" : null;

    /// <param name="pid">A task in the namespace.</param>
    /// <param name="table">All mounts of the namespace.</param>
    /// <param name="wanted">Places in the table.</param>
    /// <param name="ownUser">The namespace belongs to a user namespace of the tree's own.</param>
    public static BareMounts Open(int pid, MountTable table, IReadOnlyList<int> wanted, bool ownUser)
    {
        var mounts = new BareMounts();
        using var passing = new PassingEntry();
        try
        {
            var isCovered = wanted.Any(table.IsCovered);
            // A copy of the namespace that belongs to another user namespace keeps its mounts in their places (MNT_LOCKED).
            if (passing.Enter(pid, withUser: isCovered && ownUser) == Errno.None)
            {
                if (isCovered)
                    mounts.TakeOff(passing, table, wanted);
                else
                    mounts.Take(passing, table, wanted);
            }
            return mounts;
        }
        catch
        {
            mounts.Dispose();
            throw;
        }
    }

    private void Take(PassingEntry passing, MountTable table, IReadOnlyList<int> wanted)
    {
        var batch = new SyscallBatch();
        var taken = new List<(int, Slot)>();
        foreach (var i in wanted)
            taken.Add((i, Take(batch, table, i)));
        passing.Run(batch);
        Adopt(passing, batch, table, taken);
    }

    /// <summary>In a copy of the namespace, which ends with the process, the last mount goes first: what it covered is seen then.</summary>
    private void TakeOff(PassingEntry passing, MountTable table, IReadOnlyList<int> wanted)
    {
        var batch = new SyscallBatch();
        batch.Must("copy the mount namespace of", passing.Pid, Sys.unshare, (long)NamespaceSet.Mount);
        batch.Must("make mounts private", "/", Sys.mount, batch.Text("none"), batch.Text("/"), 0, MsRec | MsPrivate, 0);
        var taken = new List<(int, Slot)>();
        for (var i = table.Mounts.Count - 1; i >= 0; i--)
        {
            if (wanted.Contains(i))
                taken.Add((i, Take(batch, table, i)));
            if (i > 0)
                batch.Try(Sys.umount2, batch.Text(table.Mounts[i].Entry.MountPoint), MntDetach | NoFollow);
            if (i % AtOnce != 0)
                continue;
            passing.Run(batch);
            Adopt(passing, batch, table, taken);
            (batch, taken) = (new SyscallBatch(), []);
        }
    }

    private static Slot Take(SyscallBatch batch, MountTable table, int index)
        => batch.Try(Sys.open_tree, FileNative.AT_FDCWD, batch.Text(table.Mounts[index].Entry.MountPoint), OpenTreeClone | OpenTreeCloseOnExec);

    private void Adopt(PassingEntry passing, SyscallBatch batch, MountTable table, List<(int Index, Slot Slot)> taken)
    {
        using var process = PidFd.Open(passing.Pid);
        foreach (var (index, slot) in taken)
        {
            if (batch.ErrnoOf(slot) != Errno.None || process.TryGet((int)batch.Result(slot), out _) is not { } mount)
                continue;
            // What could not be taken off is still before it.
            if (FileStatus.ReadOwn(mount.Number, out var top) == Errno.None && IsOf(top, table.Mounts[index].Entry))
                _mounts[index] = mount;
            else
                mount.Dispose();
        }
    }

    private static bool IsOf(in FileStatus top, MountEntry m)
        => ((uint)FileStatus.MajorOf(top.Device), (uint)FileStatus.MinorOf(top.Device)) == (m.DeviceMajor, m.DeviceMinor);

    public void Dispose()
    {
        foreach (var mount in _mounts.Values)
            mount.Dispose();
    }
}
