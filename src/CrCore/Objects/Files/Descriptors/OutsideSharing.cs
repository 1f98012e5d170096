using CrCore.Kernel;

namespace CrCore.Objects.Files;

/// <summary>
/// Open file descriptions without a name that ancestors of the tree have, too, since the tree inherited them: restored, each
/// side has its own. Told, for the kernel has no list of all who might share one.
/// </summary>
internal sealed class OutsideSharing(DescriptorInspection inspection)
{
    private const string Anonymous = "anon_inode:";

    private List<(int Pid, string Comm, int Fd, string Name)>? _held;

    public void Inspect(Descriptor d)
    {
        if (d.IsHeld || !d.Name.StartsWith(Anonymous, StringComparison.Ordinal))
            return;
        foreach (var (pid, comm, fd, name) in _held ??= HeldByAncestors())
            if (name == d.Name && IsSame(d, pid, fd))
            {
                inspection.Warn(d, "CrSharedOutside", $"process {pid} ({comm}) outside of the tree has the same open file as its descriptor {fd}; a restored program has one of its own");
                return;
            }
    }

    private static bool IsSame(Descriptor d, int pid, int fd)
    {
        try
        {
            return Kcmp.Compare(d.Pid, pid, KcmpType.File, d.Fd, fd) == 0;
        }
        catch (CrKernelException e) when (e.Errno is Errno.EBADF or Errno.ESRCH or Errno.EPERM)
        {
            // Closed or gone meanwhile; or a process that this program may not look into.
            return false;
        }
    }

    private List<(int, string, int, string)> HeldByAncestors()
    {
        var held = new List<(int, string, int, string)>();
        var proc = inspection.Context.Proc;
        var numbers = new List<int>();
        var pid = inspection.Context.Root.Stat.ParentPid;
        for (var depth = 0; pid > 0 && depth < 64 && ProcStat.TryRead(proc, pid, out var stat); depth++)
        {
            numbers.Clear();
            try
            {
                ProcFd.TryList(proc, pid, numbers);
                foreach (var fd in numbers)
                    if (ProcFd.TryReadTarget(proc, pid, fd, out var name) && name.StartsWith(Anonymous, StringComparison.Ordinal))
                        held.Add((pid, stat.Comm.ToString(), fd, name));
            }
            catch (CrKernelException e) when (e.Errno is Errno.EACCES or Errno.EPERM)
            {
                // What this user may not see, is another user's.
            }
            pid = stat.ParentPid;
        }
        return held;
    }
}
