using CrCore.Kernel;

namespace CrCore.Remote;

/// <summary>The flag of a puppet (PR_SET_DUMPABLE in prctl(2)) on which the rights to its files in /proc, and others' to fetch its descriptors, hang.</summary>
internal static class DumpableFlag
{
    /// <summary>
    /// After a change of ids, which takes the flag away (commit_creds in kernel/cred.c). Who is no more than root of a user namespace may
    /// do nothing with a process that lacks it (__ptrace_may_access in kernel/ptrace.c).
    /// </summary>
    public static void Regain(SyscallBatch batch) => batch.Must("set the dumpable flag", null, Sys.prctl, (int)PrctlOption.SetDumpable, 1);
}
