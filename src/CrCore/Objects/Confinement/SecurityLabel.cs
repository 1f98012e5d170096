using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Confinement;

/// <summary>How a security module calls what confines a task (/proc/PID/attr/current). Where there is none, nobody is asked.</summary>
internal sealed class SecurityLabel
{
    private const string Unconfined = "unconfined";

    private readonly string? _own;

    public SecurityLabel(ProcReader proc) => _own = Read(proc, Environment.ProcessId);

    /// <summary>The task's, where it is another than this program's.</summary>
    public string? Differs(ProcReader proc, int pid) => _own is not null && Read(proc, pid) is { } its && its != _own ? its : null;

    /// <summary>No such module confines the task.</summary>
    public bool IsFree(ProcReader proc, int pid) => _own is null || Read(proc, pid) is null or Unconfined;

    /// <summary>Null where no module has a label for it: EINVAL (proc_pid_attr_read in fs/proc/base.c), or no such file.</summary>
    private static string? Read(ProcReader proc, int pid)
    {
        try
        {
            if (!proc.TryRead(pid, "attr/current"u8, out var text) || text.TrimEnd("\n\0"u8) is not { IsEmpty: false } label)
                return null;
            return LinuxText.Decode(label);
        }
        catch (CrKernelException e) when (e.Errno is Errno.EINVAL or Errno.EOPNOTSUPP or Errno.EACCES)
        {
            return null;
        }
    }
}
