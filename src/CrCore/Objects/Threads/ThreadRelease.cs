using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Objects.Signals;

namespace CrCore.Objects.Threads;

/// <summary>The very last steps of a restored thread before it is let go. They run on the tracer's thread.</summary>
internal static class ThreadRelease
{
    /// <summary>Gives the stopped thread its own extended state and registers.</summary>
    /// <param name="tid">The thread, as this process sees it.</param>
    /// <param name="image">What was saved of it.</param>
    /// <exception cref="CrKernelException">The kernel did not take them.</exception>
    public static void GiveRegisters(int tid, ThreadImage image)
    {
        var cpu = image.Get<CpuRecord>() ?? throw new InvalidOperationException($"Thread {image.VTid} has no registers in the image.");
        var registers = cpu.Registers;
        // The call is made while all signals are still masked.
        if (SyscallRestart.NeedsRestartBlock(registers))
            registers = RestartArming.Arm(tid, registers, image.Get<CallRestRecord>()?.Rest);
        TraceCall.Check(Xstate.Set(tid, cpu.Xstate.Span), "Setting the extended processor state", tid);
        TraceCall.Check(Ptrace.SetRegisters(tid, registers), "Setting the registers", tid);
    }

    /// <summary>Gives it its signal mask and what waits for it; it does not run any more before it is let go.</summary>
    public static void GiveSignals(int pid, int tid, ThreadImage image)
    {
        TraceCall.Check(Ptrace.SetSignalMask(tid, image.Get<ThreadSignalsRecord>()?.Mask ?? 0), "Setting the signal mask", tid);
        LateSignals.Send(pid, tid, image);
    }
}
