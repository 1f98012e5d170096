using CrCore.Kernel;

namespace CrCore.Objects.Threads;

/// <summary>
/// What becomes of a system call that the freeze interrupted. −512, −513 and −514 (ERESTARTSYS, ERESTARTNOINTR,
/// ERESTARTNOHAND) in rax stay: the kernel restarts such a call itself, before or after the restore
/// (arch_do_signal_or_restart in arch/x86/kernel/signal.c). −516 needs the kernel's restart block, which a restored
/// thread gets by <see cref="RestartArming"/>.
/// </summary>
internal static class SyscallRestart
{
    /// <summary>Bytes of the instruction <c>syscall</c>.</summary>
    internal const int InstructionSize = 2;

    private const ulong NoCall = ulong.MaxValue;

    /// <summary>
    /// The registers with which a frozen thread goes on. Some calls answer a mere stop with EINTR, though no signal's
    /// handler runs (signal(7), "Interruption of system calls and library functions by stop signals"): they are led
    /// back to their <c>syscall</c> instruction. A timeout of such a call starts anew; its rest is known to nobody.
    /// </summary>
    /// <param name="registers">As the freeze found them.</param>
    /// <param name="pendingUnblocked">A signal that the thread does not block is pending: its handler is to see EINTR.</param>
    public static Registers ForResume(in Registers registers, bool pendingUnblocked)
        => !pendingUnblocked && WasBrokenOff(registers) ? Rewind(registers) : registers;

    /// <summary>The call returned EINTR and is one that may be made again.</summary>
    public static bool WasBrokenOff(in Registers registers)
        => registers.InSyscall && (long)registers.Rax == -(long)Errno.EINTR && MayBeRepeated((long)registers.OrigRax);

    /// <summary>The call waits for its restart block (−516 in rax).</summary>
    public static bool NeedsRestartBlock(in Registers registers)
        => registers.InSyscall && (long)registers.Rax == -(long)Errno.ERESTART_RESTARTBLOCK;

    /// <summary>Before the <c>syscall</c> instruction again, as the kernel's own restart does it.</summary>
    public static Registers Rewind(in Registers registers)
    {
        var r = registers;
        r.Rax = r.OrigRax;
        r.OrigRax = NoCall;
        r.Rip -= InstructionSize;
        return r;
    }

    /// <summary>
    /// Calls that give EINTR after a stop: those that wait with a bound, on sockets only with SO_RCVTIMEO or SO_SNDTIMEO
    /// (sock_intr_errno in include/net/sock.h). Not close(2), which has closed its descriptor when it says EINTR.
    /// </summary>
    private static bool MayBeRepeated(long call) => call switch
    {
        (long)Sys.epoll_wait or (long)Sys.epoll_pwait or (long)Sys.epoll_pwait2 => true,
        (long)Sys.rt_sigtimedwait or (long)Sys.semop or (long)Sys.semtimedop => true,
        (long)Sys.io_getevents or IoPgetevents or IoUringEnter => true,
        (long)Sys.read or (long)Sys.readv or (long)Sys.recvfrom or (long)Sys.recvmsg or (long)Sys.recvmmsg => true,
        (long)Sys.write or (long)Sys.writev or (long)Sys.sendto or (long)Sys.sendmsg or (long)Sys.sendmmsg => true,
        (long)Sys.accept or (long)Sys.accept4 or (long)Sys.connect => true,
        _ => false,
    };

    private const long IoPgetevents = 333, IoUringEnter = 426;
}
