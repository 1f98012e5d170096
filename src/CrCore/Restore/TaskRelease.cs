using System.Runtime.InteropServices;
using CrCore.Kernel;
using CrCore.Remote;

namespace CrCore.Restore;

/// <summary>
/// The last steps of a restored task: its puppet's memory goes, its threads get their own registers and masks, and all
/// are let go. Nothing here leaves a trap's signal behind: calls are made from system-call stop to system-call stop.
/// </summary>
internal static class TaskRelease
{
    private const int SigTrap = 5;

    /// <summary>Unmaps the puppet by a <c>syscall</c> instruction of the task's own vdso, and sets the final registers.</summary>
    /// <param name="task">The task, all of its state restored.</param>
    /// <param name="puppet">Its leader.</param>
    /// <param name="syscallInstruction">Address of the bytes 0f 05 in its vdso.</param>
    public static void Prepare(RestoringTask task, Puppet puppet, ulong syscallInstruction)
    {
        if (task.TrapAction is { } action)
        {
            ProcessMemory.Write(task.Pid, puppet.Arena, MemoryMarshal.AsBytes(new ReadOnlySpan<KernelSigAction>(in action)));
            SteppedCall(puppet, syscallInstruction, Sys.rt_sigaction, SigTrap, puppet.Arena, 0, SignalSet.Size);
        }
        SteppedCall(puppet, syscallInstruction, Sys.munmap, puppet.Page, (ulong)(PuppetElf.PageSize + puppet.ArenaSize));
        // The leader last: with its registers come the signals of the whole process, the one that stops it among them, and
        // a thread that is still to be given its own may have to run for a moment.
        for (var i = task.Threads.Count - 1; i >= 0; i--)
            task.Threads[i].GiveRegisters!();
    }

    /// <summary>From here on the task lives without its tracer.</summary>
    public static void Disarm(RestoringTask task)
    {
        foreach (var thread in task.Threads)
            TraceCall.Check(Ptrace.SetOptions(thread.Tid, PtraceOptions.TraceSysGood), "Disarming", thread.Tid);
    }

    public static void Detach(RestoringTask task)
    {
        foreach (var thread in task.Threads)
            TraceCall.Check(Ptrace.Detach(thread.Tid), "Detaching", thread.Tid);
    }

    /// <summary>One system call, from its entry stop to an event stop in which registers can be set for good.</summary>
    private static void SteppedCall(Puppet puppet, ulong instruction, Sys call, ulong a, ulong b, ulong c = 0, ulong d = 0)
    {
        var tid = puppet.Tid;
        TraceCall.Check(Ptrace.GetRegisters(tid, out var r), "Reading the registers", tid);
        (r.Rip, r.Rax, r.OrigRax, r.Rdi, r.Rsi, r.Rdx, r.R10) = (instruction, (ulong)call, ulong.MaxValue, a, b, c, d);
        TraceCall.Check(Ptrace.SetRegisters(tid, r), "Setting the registers", tid);
        Stop(tid, Ptrace.ContinueToSyscall(tid), s => s.IsSyscallStop);
        TraceCall.Check(Ptrace.Interrupt(tid), "Interrupting", tid);
        Stop(tid, Ptrace.Continue(tid), s => s.IsEventStop);
        TraceCall.Check(Ptrace.GetRegisters(tid, out r), "Reading the registers", tid);
        var errno = Libc.ErrnoOf((long)r.Rax);
        if (errno != Errno.None)
            throw new CrKernelException("CrReleaseFailed", $"The last call of task {tid} ({call})", errno) { Pid = tid };
    }

    private static void Stop(int tid, Errno e, Func<WaitReport, bool> due)
    {
        TraceCall.Check(e, "Continuing", tid);
        new Tracee(tid, polled: false).AwaitStop(long.MaxValue, out var report);
        if (!report.IsStop || !due(report))
            throw new CrTargetException("CrPuppetFailed", $"Task {tid} stopped in a way that the engine does not expect ({report}).") { Pid = tid };
    }
}
