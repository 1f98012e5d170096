using System.Buffers.Binary;
using System.Runtime.InteropServices;
using CrCore.Kernel;

namespace CrCore.Remote;

/// <summary>
/// What is written into a target's padding: the data block of the thread that hosts the work (all that the code needs to bring
/// the thread back where it was, should the tracer die), the code, then a block for each guest. The target only reads it (it
/// lies in a read-only page).
/// </summary>
internal static class CheckpointBlob
{
    /// <summary>A thread's block.</summary>
    public const int BlockSize = 200;

    /// <summary>The code reaches its thread's block from r14, which leads so far into it: one byte is enough for an offset.</summary>
    public const int Bias = 128;

    /// <summary>Where a block lets its guest into the arena: not 0, once the guest's registers lead into the code.</summary>
    public const int GoAt = 168;

    /// <summary>More would not be in work at the same time.</summary>
    public const int MaxGuests = 4;

    /// <summary>Where the guests' parts of the arena begin, the length of each, and where in it a guest says that it is done.</summary>
    public const int GuestsAt = 4096, GuestRoom = 65536, DoneAt = 24;

    private const int SignalMaskAt = 128, FullMaskAt = 136, MarkerAt = 144, PidAt = 152, TidAt = 160, JumpAt = 176;
    private const int ArenaSizeAt = 200, FirstGuestAt = 208, EndOfGuestsAt = 216;

    public static int HostSize => BlockSize + 24;

    /// <summary>Where the guests' blocks begin: behind the host's and the code.</summary>
    public static int GuestBlocksAt => (HostSize + InjectedCode.Checkpoint.Length + 7) & ~7;

    /// <summary>Builds the host's block and the code, and blocks of zeros for guests.</summary>
    /// <param name="blob"><see cref="GuestBlocksAt"/> bytes and <see cref="BlockSize"/> for each guest.</param>
    /// <param name="address">Where it will lie.</param>
    /// <param name="thread">The host.</param>
    /// <param name="arenaSize">Bytes that the code maps for batches, a multiple of the page size.</param>
    public static void Build(Span<byte> blob, ulong address, in InjectedState thread, long arenaSize)
    {
        blob.Clear();
        BuildBlock(blob, thread);
        BinaryPrimitives.WriteInt64LittleEndian(blob[ArenaSizeAt..], arenaSize);
        BinaryPrimitives.WriteUInt64LittleEndian(blob[FirstGuestAt..], address + (ulong)GuestBlocksAt);
        BinaryPrimitives.WriteUInt64LittleEndian(blob[EndOfGuestsAt..], address + (ulong)blob.Length);
        InjectedCode.Checkpoint.CopyTo(blob[HostSize..]);
    }

    /// <summary>Builds a thread's block, of <see cref="BlockSize"/> bytes; it does not yet let a guest into the arena.</summary>
    public static void BuildBlock(Span<byte> block, in InjectedState thread)
    {
        block[..BlockSize].Clear();
        var r = Restarted(thread.Own);
        ReadOnlySpan<ulong> registers = [r.R15, r.R13, r.R12, r.Rbp, r.Rbx, r.R11, r.R10, r.R9, r.R8, r.Rax, r.Rcx, r.Rdx, r.Rsi, r.Rdi, r.Eflags, r.Rsp];
        MemoryMarshal.AsBytes(registers).CopyTo(block);
        BinaryPrimitives.WriteUInt64LittleEndian(block[SignalMaskAt..], thread.Mask);
        BinaryPrimitives.WriteUInt64LittleEndian(block[FullMaskAt..], thread.Marker == 0 ? ulong.MaxValue : ~(1UL << (thread.Marker - 1)));
        BinaryPrimitives.WriteUInt64LittleEndian(block[MarkerAt..], (ulong)thread.Marker);
        BinaryPrimitives.WriteInt64LittleEndian(block[PidAt..], thread.NamespacePid);
        BinaryPrimitives.WriteInt64LittleEndian(block[TidAt..], thread.NamespaceTid);
        // mov r14, its value; jmp [rip]; rip: the last register needs no other to be reached through.
        ReadOnlySpan<byte> move = [0x49, 0xbe], jump = [0xff, 0x25, 0, 0, 0, 0];
        var code = block[JumpAt..];
        move.CopyTo(code);
        BinaryPrimitives.WriteUInt64LittleEndian(code[2..], r.R14);
        jump.CopyTo(code[10..]);
        BinaryPrimitives.WriteUInt64LittleEndian(code[16..], r.Rip);
    }

    /// <summary>
    /// The registers as the kernel itself would make them when it restarts the interrupted call
    /// (arch/x86/kernel/signal.c, arch_do_signal_or_restart): for a thread that finds its way back without a tracer.
    /// </summary>
    private static Registers Restarted(Registers r)
    {
        const ulong restartSyscall = 219;
        if (!r.InSyscall)
            return r;
        switch (-(long)r.Rax)
        {
            case (long)Errno.ERESTARTSYS or (long)Errno.ERESTARTNOINTR or (long)Errno.ERESTARTNOHAND:
                r.Rax = r.OrigRax;
                r.Rip -= 2;
                break;
            case (long)Errno.ERESTART_RESTARTBLOCK:
                r.Rax = restartSyscall;
                r.Rip -= 2;
                break;
        }
        return r;
    }
}
