using System.Runtime.InteropServices;

namespace CrCore.Kernel;

/// <summary>Signals sent to other tasks with all they carry (rt_sigqueueinfo(2)).</summary>
public static unsafe class SignalSending
{
    private const int ByTkill = -6;

    /// <summary>
    /// Sends a signal with a siginfo that a program of its own made (si_code below 0); any other origin only the kernel may
    /// claim for another task, so it is sent plainly and the sender's id is lost.
    /// </summary>
    /// <param name="pid">The process.</param>
    /// <param name="tid">The thread the signal is for, or 0 for the process.</param>
    /// <param name="info">siginfo_t, 128 bytes.</param>
    public static Errno Send(int pid, int tid, ReadOnlySpan<byte> info)
    {
        var head = MemoryMarshal.Cast<byte, int>(info[..SigInfo.Length]);
        var (signal, code) = (head[0], head[2]);
        fixed (byte* at = info)
            return Libc.ErrnoOf(code is >= 0 or ByTkill
                ? tid == 0 ? Libc.Syscall(Sys.kill, pid, signal) : Libc.Syscall(Sys.tgkill, pid, tid, signal)
                : tid == 0 ? Libc.Syscall(Sys.rt_sigqueueinfo, pid, signal, (long)at) : Libc.Syscall(Sys.rt_tgsigqueueinfo, pid, tid, signal, (long)at));
    }
}
