using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CrCore.Kernel;

/// <summary>
/// siginfo_t (include/uapi/asm-generic/siginfo.h): 128 bytes, kept whole; the members that apply depend on the signal
/// and <see cref="Code"/> (sigaction(2)).
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = Length)]
public struct SigInfo
{
    public const int Length = 128;

    /// <summary>SI_TIMER: a POSIX timer expired. SI_USER is 0, SI_QUEUE -1, SI_TKILL -6.</summary>
    public const int FromTimer = -2;

    /// <summary>SI_MESGQ: a message came into a queue (mq_notify(3)).</summary>
    public const int FromMessageQueue = -3;

    /// <summary>Where <see cref="Value"/> stands.</summary>
    public const int ValueAt = 24;

    // All of the bytes, so that a copy of the structure keeps what no member names.
    [FieldOffset(0)] private Raw _raw;
    [FieldOffset(0)] public int Signal;
    [FieldOffset(4)] public int Errno;
    [FieldOffset(8)] public int Code;
    /// <summary>Sender, or the child that changed.</summary>
    [FieldOffset(16)] public int Pid;
    [FieldOffset(20)] public uint Uid;
    /// <summary>SIGCHLD: exit status or signal.</summary>
    [FieldOffset(24)] public int Status;
    /// <summary>sigqueue(3), timers and message queues: the value given.</summary>
    [FieldOffset(ValueAt)] public ulong Value;
    [FieldOffset(16)] public int TimerId;
    [FieldOffset(20)] public int Overrun;
    /// <summary>Faults: the address.</summary>
    [FieldOffset(16)] public ulong Address;

    /// <summary>All 128 bytes.</summary>
    [UnscopedRef]
    public Span<byte> Bytes => _raw;

    [InlineArray(Length)]
    private struct Raw
    {
        private byte _first;
    }
}

/// <summary>A set of signals as the kernel keeps it: bit n-1 is signal n, 1 … 64 (sigset_t of asm/signal.h).</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct SignalSet(ulong Bits)
{
    /// <summary>Bytes that the rt_sig* calls want to be told.</summary>
    public const int Size = 8;

    public static SignalSet All => new(ulong.MaxValue);

    public bool Contains(int signal) => (Bits & Bit(signal)) != 0;

    public SignalSet With(int signal) => new(Bits | Bit(signal));

    public SignalSet Without(int signal) => new(Bits & ~Bit(signal));

    private static ulong Bit(int signal) => signal is >= 1 and <= 64
        ? 1ul << (signal - 1)
        : throw new ArgumentOutOfRangeException(nameof(signal), signal, "A signal is 1 … 64.");
}

/// <summary>What rt_sigaction(2) takes: struct sigaction of asm/signal.h, not the C library's.</summary>
/// <param name="Handler">Address, or 0 (SIG_DFL), 1 (SIG_IGN).</param>
/// <param name="Flags">SA_*; SA_RESTORER is 0x04000000.</param>
/// <param name="Restorer">Address of the code that calls rt_sigreturn.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct KernelSigAction(ulong Handler, ulong Flags, ulong Restorer, ulong Mask);

/// <summary>stack_t of asm/signal.h (sigaltstack(2)).</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SignalStack
{
    public ulong Address;
    /// <summary>SS_ONSTACK 1, SS_DISABLE 2, SS_AUTODISARM 0x80000000.</summary>
    public uint Flags;
    private uint _pad;
    public ulong Size;
}

/// <summary>struct sigevent of asm/siginfo.h (timer_create(2)); 64 bytes.</summary>
[StructLayout(LayoutKind.Sequential, Size = 64)]
public struct SigEvent
{
    /// <summary>SIGEV_THREAD_ID, a bit of <see cref="Notify"/>.</summary>
    public const int ThreadId = 4;

    public ulong Value;
    public int Signal;
    public int Notify;
    /// <summary>The thread, with SIGEV_THREAD_ID.</summary>
    public int Tid;
}
