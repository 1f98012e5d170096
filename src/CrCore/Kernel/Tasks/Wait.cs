namespace CrCore.Kernel;

/// <summary>What a wait reported of a task.</summary>
/// <param name="Tid">The task, or 0 when there was nothing to report.</param>
/// <param name="Status">A wait status as wait(2) encodes it; ptrace events in bits 16–23.</param>
public readonly record struct WaitReport(int Tid, int Status)
{
    public bool IsStop => (Status & 0xff) == 0x7f;
    public bool IsEnd => Tid != 0 && !IsStop;
    public int StopSignal => (Status >> 8) & 0xff;
    /// <summary>PTRACE_EVENT_*; 128 is PTRACE_EVENT_STOP.</summary>
    public int Event => Status >> 16 & 0xff;
    public bool IsEventStop => IsStop && Event == 128;
    /// <summary>A job-control stop seen by a seizing tracer: an event stop that names the stopping signal.</summary>
    public bool IsGroupStop => IsEventStop && StopSignal is 19 or 20 or 21 or 22;
    /// <summary>PTRACE_EVENT_CLONE: a task was made; PTRACE_GETEVENTMSG tells its number.</summary>
    public bool IsCloneStop => IsStop && StopSignal == 5 && Event == 3;
    public bool IsSyscallStop => IsStop && StopSignal == (5 | 0x80);

    public override string ToString() => Tid == 0 ? "nothing" : IsStop ? $"stop {StopSignal} event {Event}" : $"end 0x{Status:x}";
}

/// <summary>waitid(2) and wait4(2) for traced tasks.</summary>
internal static unsafe class Wait
{
    private const int WNoHang = 1, WStopped = 2, WExited = 4, WNoWait = 0x01000000, WNoThread = 0x20000000, WAll = 0x40000000;
    private const int PAll = 0, PPid = 1, PPidFd = 3;

    /// <summary>struct siginfo in words: si_signo, si_errno, si_code, padding, si_pid, si_uid, si_status.</summary>
    private const int CodeAt = 2, PidAt = 4, StatusAt = 6;

    /// <summary>
    /// Looks at a task's stop or end without consuming it: a stop that was only looked at is still delivered if the
    /// tracer dies. Blocks unless <paramref name="noHang"/>. The status is rebuilt from siginfo (kernel/exit.c).
    /// </summary>
    /// <returns>−errno, or 0 with <paramref name="report"/> set.</returns>
    public static Errno Peek(int tid, bool noHang, out WaitReport report) => WaitId(PPid, tid, WNoWait | (noHang ? WNoHang : 0), out report);

    /// <summary>Consumes the next stop or end of <paramref name="tid"/>.</summary>
    public static Errno Take(int tid, bool noHang, out WaitReport report) => WaitId(PPid, tid, noHang ? WNoHang : 0, out report);

    /// <summary>Whether a child of this process has ended and not been waited for; nothing is consumed.</summary>
    public static bool AnyChildHasEnded()
    {
        var info = stackalloc int[32];
        info[PidAt] = 0;
        return Libc.Syscall(Sys.waitid, PAll, 0, (long)info, WExited | WNoWait | WNoHang) == 0 && info[PidAt] != 0;
    }

    /// <summary>Waits for the end of any task that this very thread traces (or is the parent of); nothing is consumed.</summary>
    /// <returns>ECHILD when it traces none.</returns>
    public static Errno PeekAnyEnd(out WaitReport report) => WaitId(PAll, 0, WNoWait | WNoThread, out report, WExited);

    /// <summary>Consumes the end of a child of this process.</summary>
    /// <returns>false while it runs; true also when somebody has waited for it before (ECHILD).</returns>
    public static bool TakeEnd(PidFd child) => WaitId(PPidFd, child.Number, WNoHang, out var report, WExited) != Errno.None || report.IsEnd;

    private static Errno WaitId(int idType, int id, int flags, out WaitReport report, int what = WStopped | WExited)
    {
        var info = stackalloc int[32];
        long r;
        do
        {
            info[0] = info[PidAt] = info[StatusAt] = 0;
            r = Libc.Syscall(Sys.waitid, idType, id, (long)info, what | WAll | flags);
        }
        while (r == -(int)Errno.EINTR);
        if (CrEventSource.Log.IsEnabled())
            CrEventSource.Log.KernelCall("waitid", id, r);
        report = r < 0 || info[PidAt] == 0 ? default : new WaitReport(info[PidAt], StatusOf(info[CodeAt], info[StatusAt]));
        return Libc.ErrnoOf(r);
    }

    /// <summary>CLD_EXITED 1, CLD_KILLED 2, CLD_DUMPED 3, CLD_TRAPPED 4, CLD_STOPPED 5.</summary>
    private static int StatusOf(int code, int status) => code switch
    {
        1 => (status & 0xff) << 8,
        2 => status & 0x7f,
        3 => (status & 0x7f) | 0x80,
        // A traced stop: si_status is the exit code, the event in its second byte.
        _ => 0x7f | (status & 0xff) << 8 | (status >> 8 & 0xff) << 16,
    };
}
