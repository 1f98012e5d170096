using CrCore.Kernel;
using CrCore.Remote;

namespace CrCore.Objects.Threads;

/// <summary>
/// Gives a restored thread the restart block of the call it was in. The thread makes the call once more, from its own
/// <c>syscall</c> instruction, and is interrupted at the entry: the kernel then answers −516 at once and has its
/// restart block set (set_restart_fn in include/linux/thread_info.h).
/// </summary>
/// <remarks>
/// Sleeps with a pointer for the remaining time sleep that time: the kernel stored it there at the freeze. Futex waits
/// with an absolute time keep it. Elsewhere (poll, a sleep or futex wait with a relative time and no such pointer) the
/// kernel tells nobody how much was left: the rest that the checkpoint measured is waited for, or where it could not
/// measure, the whole timeout.
/// </remarks>
internal static class RestartArming
{
    /// <summary>Runs the call in the stopped thread; the caller sets what this returns.</summary>
    /// <returns>The registers to go on with: the saved ones, or with the call's result when it did not need to wait.</returns>
    public static Registers Arm(int tid, in Registers saved, TimeSpec? rest)
    {
        if (rest is not { } left)
            return Arm(tid, saved, WithRemainingTime(saved));
        if (CallRest.TimeAddress(saved) is null)
            return Arm(tid, saved, CallRest.With(saved, left, 0));
        // The kernel reads the time at the call's start, so that a place below the stack's red zone can be lent for it.
        var place = (saved.Rsp - CallRest.BelowStack) & ~15ul;
        Span<byte> before = stackalloc byte[16];
        if (ProcessMemory.ReadAvailable(tid, place, before, out _) < before.Length)
            return Arm(tid, saved, saved);
        ProcessMemory.Write(tid, place, System.Runtime.InteropServices.MemoryMarshal.AsBytes(new ReadOnlySpan<TimeSpec>(in left)));
        var after = Arm(tid, saved, CallRest.With(saved, left, place));
        ProcessMemory.Write(tid, place, before);
        return after;
    }

    private static Registers Arm(int tid, in Registers saved, in Registers call)
    {
        var again = SyscallRestart.Rewind(call);
        TraceCall.Check(Ptrace.SetRegisters(tid, again), "Setting the registers", tid);
        TraceCall.Check(Ptrace.ContinueToSyscall(tid), "Continuing", tid);
        Await(tid, s => s.IsSyscallStop);
        TraceCall.Check(Ptrace.Interrupt(tid), "Interrupting", tid);
        TraceCall.Check(Ptrace.Continue(tid), "Continuing", tid);
        Await(tid, s => s.IsEventStop);
        TraceCall.Check(Ptrace.GetRegisters(tid, out var after), "Reading the registers", tid);
        var r = saved;
        r.Rax = after.Rax;
        return r;
    }

    private static Registers WithRemainingTime(in Registers saved)
    {
        var r = saved;
        if (r.OrigRax == (ulong)Sys.nanosleep && r.Rsi != 0)
            r.Rdi = r.Rsi;
        else if (r.OrigRax == (ulong)Sys.clock_nanosleep && r.R10 != 0)
            r.Rdx = r.R10;
        return r;
    }

    private static void Await(int tid, Func<WaitReport, bool> due)
    {
        new Tracee(tid, polled: false).AwaitStop(long.MaxValue, out var report);
        if (!report.IsStop || !due(report))
            throw new CrTargetException("CrPuppetFailed", $"Task {tid} stopped in a way that the engine does not expect ({report}).") { Pid = tid };
    }
}
