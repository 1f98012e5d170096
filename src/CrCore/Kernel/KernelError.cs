using System.Runtime.InteropServices;

namespace CrCore.Kernel;

/// <summary>Builds the exception for an errno that the caller did not expect.</summary>
internal static class KernelError
{
    /// <summary>The errno of the last system call on this thread made through an import with SetLastError.</summary>
    public static Errno Last => (Errno)Marshal.GetLastPInvokeError();

    /// <param name="id">Stable error id.</param>
    /// <param name="what">What was tried, a clause without a full stop: "Reading /proc/7/maps failed".</param>
    /// <param name="pid">The task concerned, or 0.</param>
    /// <param name="on">The object concerned, or null.</param>
    /// <param name="advice">What to do; null takes the usual advice for the errno.</param>
    public static CrKernelException Create(string id, string what, Errno errno, int pid = 0, string? on = null, string? advice = null)
        => new(id, what, errno, advice ?? AdviceFor(errno)) { Pid = pid == 0 ? null : pid, Object = on };

    /// <summary>The same for the errno of the call just made.</summary>
    public static CrKernelException FromLast(string id, string what, int pid = 0, string? on = null, string? advice = null)
        => Create(id, what, Last, pid, on, advice);

    /// <summary>Text of the kernel's that is not as its manual page says. No system call failed; EBADMSG stands for it.</summary>
    public static CrKernelException BadText(string file, int pid = 0)
        => Create("CrKernelTextUnknown", $"{file} is not in the form that its manual page gives", Errno.EBADMSG, pid, file,
                  "Report this with the kernel's version (uname -r): the parser does not know this form.");

    private static string? AdviceFor(Errno errno) => errno switch
    {
        // Most doors into another process ask __ptrace_may_access (kernel/ptrace.c): same ids, dumpable, or the capability.
        Errno.EPERM or Errno.EACCES => "Run as the owner of the process or with CAP_SYS_PTRACE; see \"Ptrace access mode checking\" in ptrace(2).",
        Errno.EMFILE => "Raise the limit of open files (ulimit -n) and try again.",
        Errno.ENFILE => "The system's table of open files is full (/proc/sys/fs/file-max); free some and try again.",
        Errno.ENOMEM or Errno.ENOSPC => "Free memory or space and try again.",
        Errno.ENOSYS => "This kernel lacks the call; a newer kernel or one with CONFIG_CHECKPOINT_RESTORE is needed.",
        _ => null,
    };
}
