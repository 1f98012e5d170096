using CrCore.Kernel;

namespace CrCore.Checkpoint;

/// <summary>
/// Whether a thread waits for a child that it made with CLONE_VFORK (vfork, posix_spawn) to run a program or to end. No request
/// stops it before (wait_for_vfork_done in kernel/fork.c), and a child that stands still keeps it waiting.
/// </summary>
internal static class VforkWait
{
    private const ulong CloneVfork = 0x4000;

    public static bool Holds(ProcReader proc, TaskDir thread)
    {
        try
        {
            return ProcStat.TryRead(proc, thread, out var stat) && stat.State == TaskState.DiskSleep
                && ProcSyscall.TryRead(proc, thread, out var call) && IsVfork(call);
        }
        // It is ending, or may not be looked at: that is told elsewhere.
        catch (CrKernelException)
        {
            return false;
        }
    }

    public static bool HoldsAny(ProcReader proc, LiveTask task)
    {
        foreach (var tid in task.Tids)
            if (Holds(proc, new TaskDir(task.Pid, tid)))
                return true;
        return false;
    }

    /// <summary>The flags of clone3(2) are in the thread's memory; it does not sleep like this for anything else.</summary>
    private static bool IsVfork(in ProcSyscall call)
        => call.Number is (long)Sys.vfork or (long)Sys.clone3 || (call.Number == (long)Sys.clone && (call.Arguments[0] & CloneVfork) != 0);
}
