using CrCore.Kernel;

namespace CrCore.Objects.Threads;

/// <summary>Settles the registers of a thread that was just frozen, so that it may be led elsewhere and let go again at any time.</summary>
internal static class FrozenRegisters
{
    /// <summary>
    /// Aborts a restartable sequence and leads a call back that the freeze broke off. What changed is set in the thread
    /// at once.
    /// </summary>
    /// <param name="proc">To see whether a signal is pending, where that matters.</param>
    /// <param name="dir">The stopped thread.</param>
    /// <param name="registers">As the freeze found them.</param>
    /// <param name="mask">Its signal mask.</param>
    public static Registers Settle(ProcReader proc, TaskDir dir, in Registers registers, ulong mask)
    {
        var r = registers;
        if (!r.InSyscall && Ptrace.GetRseq(dir.Task, out var area, out _, out _, out _) == Errno.None
            && RseqSection.TryGetAbort(dir.Task, area, r.Rip, out var abort))
            r.Rip = abort;
        if (SyscallRestart.WasBrokenOff(r))
            r = SyscallRestart.ForResume(r, HasPending(proc, dir, mask));
        if (r.Rip == registers.Rip)
            return r;
        var e = Ptrace.SetRegisters(dir.Task, r);
        return e == Errno.None ? r : throw new CrKernelException("CrTraceFailed", $"Setting the registers of task {dir.Task}", e) { Pid = dir.Task };
    }

    private static bool HasPending(ProcReader proc, TaskDir dir, ulong mask)
        => ProcStatus.TryRead(proc, dir, out var status) && ((status.PendingSignals | status.SharedPendingSignals) & ~mask) != 0;
}
