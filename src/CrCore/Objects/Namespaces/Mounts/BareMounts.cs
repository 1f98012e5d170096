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

    private readonly List<OwnDescriptor?> _mounts = [];

    /// <summary>A path from this process to the top of a mount; null where it could not be had.</summary>
    public string? PathOf(int index) => _mounts[index] is { } mount ? $"/proc/self/fd/{mount.Number}" : null;

    /// <param name="pid">A task in the namespace.</param>
    /// <param name="points">Where they are mounted.</param>
    public static BareMounts Open(int pid, IReadOnlyList<string> points)
    {
        var mounts = new BareMounts();
        using var passing = new PassingEntry();
        try
        {
            var isIn = passing.Enter(pid, withUser: false) == Errno.None;
            var batch = new SyscallBatch();
            var taken = new Slot[points.Count];
            for (var i = 0; isIn && i < taken.Length; i++)
                taken[i] = batch.Try(Sys.open_tree, FileNative.AT_FDCWD, batch.Text(points[i]), OpenTreeClone | OpenTreeCloseOnExec);
            if (isIn && taken.Length > 0)
                passing.Run(batch);
            using var process = PidFd.Open(passing.Pid);
            for (var i = 0; i < taken.Length; i++)
                mounts._mounts.Add(isIn && batch.ErrnoOf(taken[i]) == Errno.None ? process.TryGet((int)batch.Result(taken[i]), out _) : null);
            return mounts;
        }
        catch
        {
            mounts.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (var mount in _mounts)
            mount?.Dispose();
    }
}
