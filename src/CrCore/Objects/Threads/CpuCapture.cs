using CrCore.Checkpoint;
using CrCore.Kernel;

namespace CrCore.Objects.Threads;

/// <summary>Reads the registers of a frozen thread into its record.</summary>
internal static class CpuCapture
{
    public static CpuRecord Capture(CaptureContext context, FrozenThread thread)
    {
        if (!thread.Registers.Is64Bit)
            throw new CrTargetException("Cr32BitTask", $"Task {thread.Tid} runs 32-bit code, which is not saved.", "Only 64-bit programs can be checkpointed.") { Pid = thread.Tid };
        var e = Xstate.Get(thread.Tid, out var xstate);
        if (e != Errno.None)
            throw new CrKernelException("CrTraceFailed", $"Reading the extended processor state of task {thread.Tid}", e) { Pid = thread.Tid };
        return new CpuRecord { VTid = thread.VTid, Registers = NameCall(context, thread), Xstate = xstate };
    }

    /// <summary>restart_syscall(2) means nothing to a thread that is restored: the call behind it takes its place.</summary>
    private static Registers NameCall(CaptureContext context, FrozenThread thread)
    {
        var registers = thread.Registers;
        if (!SyscallRestart.NeedsRestartBlock(registers) || registers.OrigRax != (ulong)Sys.restart_syscall)
            return registers;
        if (RestartedCall.Infer(registers, address => ReadTime(thread.Tid, address)) is { } call)
            registers.OrigRax = (ulong)call;
        else
            context.Warnings.Add(new("CrUnknownRestart", CrErrorKind.Obstacle, ObstacleSeverity.Warning, thread.Pid, "", $"thread {thread.Tid}",
                "it waits in a call that an earlier stop has hidden; once restored the call ends with EINTR"));
        return registers;
    }

    internal static TimeSpec? ReadTime(int tid, ulong address)
    {
        Span<byte> bytes = stackalloc byte[16];
        return ProcessMemory.ReadAvailable(tid, address, bytes, out _) == bytes.Length
            ? System.Runtime.InteropServices.MemoryMarshal.Read<TimeSpec>(bytes)
            : null;
    }
}
