using CrCore.Kernel;
using CrCore.Remote;

namespace CrCore.Objects.Namespaces;

/// <summary>
/// Mounts of another mount namespace, each without what is mounted on it: copies that nobody else sees (open_tree(2)), made by a
/// passing process that enters the namespace, and gone when this is disposed of. On the tracer thread only.
/// </summary>
internal sealed class BareMounts : IDisposable
{
    private const int ArenaSize = 1 << 16, NewMounts = 0x20000, SigKill = 9;
    private const uint OpenTreeClone = 1, OpenTreeCloseOnExec = 0x80000;

    /// <summary>Below everything that programs map by themselves.</summary>
    private const ulong PuppetPage = 0x2_0000_0000;

    private readonly List<OwnDescriptor?> _mounts = [];

    /// <summary>A path from this process to the top of a mount; null where it could not be had.</summary>
    public string? PathOf(int index) => _mounts[index] is { } mount ? $"/proc/self/fd/{mount.Number}" : null;

    /// <param name="pid">A task in the namespace.</param>
    /// <param name="points">Where they are mounted.</param>
    public static BareMounts Open(int pid, IReadOnlyList<string> points)
    {
        var mounts = new BareMounts();
        var puppet = Puppet.Start(PuppetPage, ArenaSize);
        try
        {
            var batch = new SyscallBatch();
            var task = batch.Must("open a pidfd of", pid, Sys.pidfd_open, pid, 0);
            var entered = batch.Try(Sys.setns, task, NewMounts);
            puppet.Run(batch);
            var isIn = batch.ErrnoOf(entered) == Errno.None;
            batch = new SyscallBatch();
            var taken = new Slot[points.Count];
            for (var i = 0; isIn && i < taken.Length; i++)
                taken[i] = batch.Try(Sys.open_tree, FileNative.AT_FDCWD, batch.Text(points[i]), OpenTreeClone | OpenTreeCloseOnExec);
            if (isIn && taken.Length > 0)
                puppet.Run(batch);
            using var process = PidFd.Open(puppet.Pid);
            for (var i = 0; i < taken.Length; i++)
                mounts._mounts.Add(isIn && batch.ErrnoOf(taken[i]) == Errno.None ? process.TryGet((int)batch.Result(taken[i]), out _) : null);
            return mounts;
        }
        catch
        {
            mounts.Dispose();
            throw;
        }
        finally
        {
            Libc.Syscall(Sys.kill, puppet.Pid, SigKill);
            while (Wait.Take(puppet.Pid, noHang: false, out var report) == Errno.None && !report.IsEnd)
            {
            }
        }
    }

    public void Dispose()
    {
        foreach (var mount in _mounts)
            mount?.Dispose();
    }
}
