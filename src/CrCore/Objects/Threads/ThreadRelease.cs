using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Objects.Signals;

namespace CrCore.Objects.Threads;

/// <summary>The very last step of a restored thread before it is let go. Runs on the tracer's thread.</summary>
internal static class ThreadRelease
{
    /// <summary>Gives the stopped thread its own extended state, signal mask and registers.</summary>
    /// <param name="pid">The process, as this one sees it.</param>
    /// <param name="tid">The thread, likewise.</param>
    /// <param name="image">What was saved of it.</param>
    /// <exception cref="CrKernelException">The kernel did not take them.</exception>
    public static void Apply(int pid, int tid, ThreadImage image)
    {
        var cpu = image.Get<CpuRecord>() ?? throw new InvalidOperationException($"Thread {image.VTid} has no registers in the image.");
        var registers = cpu.Registers;
        // The call is made while all signals are still masked.
        if (SyscallRestart.NeedsRestartBlock(registers))
            registers = RestartArming.Arm(tid, registers, image.Get<CallRestRecord>()?.Rest);
        TraceCall.Check(Xstate.Set(tid, cpu.Xstate.Span), "Setting the extended processor state", tid);
        TraceCall.Check(Ptrace.SetSignalMask(tid, image.Get<ThreadSignalsRecord>()?.Mask ?? 0), "Setting the signal mask", tid);
        TraceCall.Check(Ptrace.SetRegisters(tid, registers), "Setting the registers", tid);
        LateSignals.Send(pid, tid, image);
    }
}
