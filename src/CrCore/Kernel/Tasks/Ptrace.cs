using System.Runtime.InteropServices;

namespace CrCore.Kernel;

/// <summary>Options of ptrace(2) that the engine uses (include/uapi/linux/ptrace.h).</summary>
[Flags]
public enum PtraceOptions
{
    None = 0,
    /// <summary>System-call stops bear bit 7, so a dying tracer does not leave a SIGTRAP behind.</summary>
    TraceSysGood = 1,
    TraceClone = 1 << 3,
    TraceExec = 1 << 4,
    TraceExit = 1 << 6,
    /// <summary>Tracees die with the tracer. For puppets only, never for a tree being checkpointed.</summary>
    ExitKill = 1 << 20,
    /// <summary>Needs CAP_SYS_ADMIN in the initial user namespace.</summary>
    SuspendSeccomp = 1 << 21,
}

/// <summary>
/// ptrace(2). All calls for a tracee must come from the thread that attached it: another thread gets ESRCH.
/// Every method returns the kernel's result, negated errno on failure; callers know what an error means.
/// </summary>
internal static unsafe partial class Ptrace
{
    private const int NtPrstatus = 1, NtX86Xstate = 0x202;

    public static Errno Seize(int tid, PtraceOptions options) => Call("PTRACE_SEIZE", 0x4206, tid, 0, (long)options);

    public static Errno Interrupt(int tid) => Call("PTRACE_INTERRUPT", 0x4207, tid, 0, 0);

    /// <summary>Lets a group-stopped tracee stay stopped without being held (only valid in a group stop).</summary>
    public static Errno Listen(int tid) => Call("PTRACE_LISTEN", 0x4208, tid, 0, 0);

    public static Errno Continue(int tid, int signal = 0) => Call("PTRACE_CONT", 7, tid, 0, signal);

    /// <summary>Runs to the next entry to or exit from a system call.</summary>
    public static Errno ContinueToSyscall(int tid, int signal = 0) => Call("PTRACE_SYSCALL", 24, tid, 0, signal);

    public static Errno Detach(int tid, int signal = 0) => Call("PTRACE_DETACH", 17, tid, 0, signal);

    public static Errno SetOptions(int tid, PtraceOptions options) => Call("PTRACE_SETOPTIONS", 0x4200, tid, 0, (long)options);

    public static Errno GetEventMessage(int tid, out ulong message)
    {
        ulong m = 0;
        var e = Call("PTRACE_GETEVENTMSG", 0x4201, tid, 0, (long)&m);
        message = m;
        return e;
    }

    public static Errno GetSigInfo(int tid, Span<byte> siginfo128)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(siginfo128.Length, 128);
        fixed (byte* p = siginfo128)
            return Call("PTRACE_GETSIGINFO", 0x4202, tid, 0, (long)p);
    }

    public static Errno GetRegisters(int tid, out Registers registers)
    {
        Registers r = default;
        var iov = new IoVec { Base = &r, Length = (nuint)sizeof(Registers) };
        var e = Call("PTRACE_GETREGSET", 0x4204, tid, NtPrstatus, (long)&iov);
        registers = r;
        return e;
    }

    public static Errno SetRegisters(int tid, in Registers registers)
    {
        fixed (Registers* p = &registers)
        {
            var iov = new IoVec { Base = p, Length = (nuint)sizeof(Registers) };
            return Call("PTRACE_SETREGSET", 0x4205, tid, NtPrstatus, (long)&iov);
        }
    }

    /// <summary>The whole xsave area. <paramref name="length"/>: bytes that this processor has.</summary>
    public static Errno GetXstate(int tid, Span<byte> buffer, out int length)
    {
        fixed (byte* p = buffer)
        {
            var iov = new IoVec { Base = p, Length = (nuint)buffer.Length };
            var e = Call("PTRACE_GETREGSET", 0x4204, tid, NtX86Xstate, (long)&iov);
            length = (int)iov.Length;
            return e;
        }
    }

    public static Errno SetXstate(int tid, ReadOnlySpan<byte> xstate)
    {
        fixed (byte* p = xstate)
        {
            var iov = new IoVec { Base = p, Length = (nuint)xstate.Length };
            return Call("PTRACE_SETREGSET", 0x4205, tid, NtX86Xstate, (long)&iov);
        }
    }

    public static Errno GetSignalMask(int tid, out ulong mask)
    {
        ulong m = 0;
        var e = Call("PTRACE_GETSIGMASK", 0x420a, tid, 8, (long)&m);
        mask = m;
        return e;
    }

    public static Errno SetSignalMask(int tid, ulong mask) => Call("PTRACE_SETSIGMASK", 0x420b, tid, 8, (long)&mask);

    /// <summary>Reads pending signals without taking them: 128 bytes of siginfo each.</summary>
    /// <param name="tid">The tracee.</param>
    /// <param name="shared">The process's queue instead of the thread's own.</param>
    /// <param name="first">Index of the first signal wanted.</param>
    /// <param name="buffer">Takes as many as fit.</param>
    /// <returns>The number read, or −errno.</returns>
    public static long PeekSigInfo(int tid, bool shared, ulong first, Span<byte> buffer)
    {
        fixed (byte* p = buffer)
        {
            // struct ptrace_peeksiginfo_args { __u64 off; __u32 flags; __s32 nr; }
            var args = stackalloc ulong[2];
            args[0] = first;
            args[1] = (shared ? 1UL : 0) | (ulong)(buffer.Length / 128) << 32;
            var r = Libc.Syscall(Sys.ptrace, 0x4209, tid, (long)args, (long)p);
            Trace("PTRACE_PEEKSIGINFO", tid, r);
            return r;
        }
    }

    /// <summary>struct ptrace_rseq_configuration: where the thread's rseq area is (0 when it has none).</summary>
    public static Errno GetRseq(int tid, out ulong address, out uint size, out uint signature, out uint flags)
    {
        var conf = stackalloc ulong[3];
        var r = Libc.Syscall(Sys.ptrace, 0x420f, tid, 24, (long)conf);
        Trace("PTRACE_GET_RSEQ_CONFIGURATION", tid, r);
        address = conf[0];
        size = (uint)conf[1];
        signature = (uint)(conf[1] >> 32);
        flags = (uint)conf[2];
        return Libc.ErrnoOf(r);
    }

    /// <summary>One seccomp filter of the task, the oldest first: its instructions, 8 bytes each.</summary>
    /// <returns>The number of instructions, or −errno (ENOENT past the last one).</returns>
    public static long GetSeccompFilter(int tid, int index, Span<byte> instructions)
    {
        fixed (byte* p = instructions)
        {
            var r = Libc.Syscall(Sys.ptrace, 0x420c, tid, index, instructions.IsEmpty ? 0 : (long)p);
            Trace("PTRACE_SECCOMP_GET_FILTER", tid, r);
            return r;
        }
    }

    /// <summary>struct seccomp_metadata: the flags with which a filter was installed, of which the kernel tells SECCOMP_FILTER_FLAG_LOG.</summary>
    public static Errno GetSeccompFlags(int tid, int index, out ulong flags)
    {
        var metadata = stackalloc ulong[2];
        metadata[0] = (ulong)index;
        metadata[1] = 0;
        // The kernel answers with the size of the structure.
        var r = Libc.Syscall(Sys.ptrace, 0x420d, tid, 2 * sizeof(ulong), (long)metadata);
        Trace("PTRACE_SECCOMP_GET_METADATA", tid, r);
        flags = metadata[1];
        return Libc.ErrnoOf(r);
    }

    /// <summary>Which system calls the thread is handed as signals. EIO: a kernel before Linux 6.4, which does not tell.</summary>
    public static Errno GetUserDispatch(int tid, out UserDispatch dispatch)
    {
        UserDispatch d = default;
        var e = Call("PTRACE_GET_SYSCALL_USER_DISPATCH_CONFIG", 0x4211, tid, sizeof(UserDispatch), (long)&d);
        dispatch = d;
        return e;
    }

    public static Errno SetUserDispatch(int tid, UserDispatch dispatch)
        => Call("PTRACE_SET_SYSCALL_USER_DISPATCH_CONFIG", 0x4210, tid, sizeof(UserDispatch), (long)&dispatch);

    private static Errno Call(string name, long request, int tid, long addr, long data)
    {
        var r = Libc.Syscall(Sys.ptrace, request, tid, addr, data);
        Trace(name, tid, r);
        return Libc.ErrnoOf(r);
    }

    private static void Trace(string name, int tid, long result)
    {
        if (CrEventSource.Log.IsEnabled())
            CrEventSource.Log.KernelCall(name, tid, result);
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct IoVec
    {
        public void* Base;
        public nuint Length;
    }
}
