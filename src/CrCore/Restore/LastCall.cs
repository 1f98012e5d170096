using CrCore.Kernel;
using CrCore.Remote;

namespace CrCore.Restore;

/// <summary>
/// One system call of a puppet by a <c>syscall</c> instruction of the task's own vdso, from the call's entry stop to an
/// event stop, in which registers can be set for good: nothing of it leaves a trap's signal behind. In three steps, so
/// that many tasks can be on their way at once.
/// </summary>
internal readonly struct LastCall(int tid, Sys call)
{
    /// <param name="instruction">Address of the bytes 0f 05.</param>
    public void Start(ulong instruction, ulong a, ulong b, ulong c = 0, ulong d = 0)
    {
        TraceCall.Check(Ptrace.GetRegisters(tid, out var r), "Reading the registers", tid);
        (r.Rip, r.Rax, r.OrigRax, r.Rdi, r.Rsi, r.Rdx, r.R10) = (instruction, (ulong)call, ulong.MaxValue, a, b, c, d);
        TraceCall.Check(Ptrace.SetRegisters(tid, r), "Setting the registers", tid);
        TraceCall.Check(Ptrace.ContinueToSyscall(tid), "Continuing", tid);
    }

    /// <summary>At the entry: lets the call be made, and nothing after it.</summary>
    public void GoOn()
    {
        while (!Await().IsSyscallStop)
            // Another thread of it has queued a SIGCONT (see Puppet.Complete).
            TraceCall.Check(Ptrace.ContinueToSyscall(tid), "Continuing", tid);
        TraceCall.Check(Ptrace.Interrupt(tid), "Interrupting", tid);
        TraceCall.Check(Ptrace.Continue(tid), "Continuing", tid);
    }

    public void Finish()
    {
        if (Await() is { IsEventStop: false } other)
            throw Unexpected(other);
        TraceCall.Check(Ptrace.GetRegisters(tid, out var r), "Reading the registers", tid);
        if (Libc.ErrnoOf((long)r.Rax) is not Errno.None and var errno)
            throw new CrKernelException("CrReleaseFailed", $"The last call of task {tid} ({call})", errno) { Pid = tid };
    }

    private WaitReport Await()
    {
        new Tracee(tid, polled: false).AwaitStop(long.MaxValue, out var report);
        return report is { IsSyscallStop: true } or { IsEventStop: true } ? report : throw Unexpected(report);
    }

    private CrTargetException Unexpected(in WaitReport report)
        => new("CrPuppetFailed", $"Task {tid} stopped in a way that the engine does not expect ({report}).") { Pid = tid };
}
