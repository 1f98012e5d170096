using CrCore.Kernel;
using CrCore.Remote;

namespace CrCore.Objects.Namespaces;

/// <summary>A passing process of this program's that is in another mount namespace, and ends when this is disposed of. On the tracer thread only.</summary>
internal sealed class PassingEntry : IDisposable
{
    private const int ArenaSize = 1 << 16, SigKill = 9;

    /// <summary>Below everything that programs map by themselves.</summary>
    private const ulong PuppetPage = 0x2_0000_0000;

    private readonly Puppet _puppet = Puppet.Start(PuppetPage, ArenaSize);

    public int Pid => _puppet.Pid;

    /// <param name="pid">A task in the namespace.</param>
    /// <param name="withUser">Its user namespace, too: whoever has no rights in this one has all of them there.</param>
    public Errno Enter(int pid, bool withUser)
    {
        var batch = new SyscallBatch();
        var task = batch.Must("open a pidfd of", pid, Sys.pidfd_open, pid, 0);
        var entered = batch.Try(Sys.setns, task, (long)(withUser ? NamespaceSet.Mount | NamespaceSet.User : NamespaceSet.Mount));
        batch.Must("close the pidfd of", pid, Sys.close, task);
        _puppet.Run(batch);
        return batch.ErrnoOf(entered);
    }

    public void Run(SyscallBatch batch) => _puppet.Run(batch);

    public void Dispose()
    {
        Libc.Syscall(Sys.kill, _puppet.Pid, SigKill);
        while (Wait.Take(_puppet.Pid, noHang: false, out var report) == Errno.None && !report.IsEnd)
        {
        }
    }
}
