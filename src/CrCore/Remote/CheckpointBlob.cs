using System.Buffers.Binary;
using System.Runtime.InteropServices;
using CrCore.Kernel;

namespace CrCore.Remote;

/// <summary>
/// The data block in front of the injected checkpoint code: all that the code needs to bring its thread back where it
/// was, should the tracer die. The target only reads it (it lies in a read-only page).
/// </summary>
internal static class CheckpointBlob
{
    public const int DataSize = 288;

    private const int SignalMaskAt = 216, FullMaskAt = 224, MarkerAt = 232, PidAt = 256, TidAt = 264, ArenaSizeAt = 272, AllSignalsAt = 280;

    public static int Size => DataSize + InjectedCode.Checkpoint.Length;

    /// <summary>Builds data and code.</summary>
    /// <param name="blob"><see cref="Size"/> bytes.</param>
    /// <param name="frozen">The thread's registers as the freeze found them.</param>
    /// <param name="signalMask">The thread's own mask.</param>
    /// <param name="marker">The signal that stops the thread for its tracer and that it ignores by default; or 0.</param>
    /// <param name="nsPid">The thread group and the thread as its own pid namespace sees them.</param>
    /// <param name="nsTid">See <paramref name="nsPid"/>.</param>
    /// <param name="arenaSize">Bytes that the code maps for batches, a multiple of the page size.</param>
    public static void Build(Span<byte> blob, in Registers frozen, ulong signalMask, int marker, int nsPid, int nsTid, long arenaSize)
    {
        blob.Clear();
        var resumed = Restarted(frozen);
        MemoryMarshal.Write(blob, in resumed);
        BinaryPrimitives.WriteUInt64LittleEndian(blob[SignalMaskAt..], signalMask);
        BinaryPrimitives.WriteUInt64LittleEndian(blob[FullMaskAt..], marker == 0 ? ulong.MaxValue : ~(1UL << (marker - 1)));
        BinaryPrimitives.WriteUInt64LittleEndian(blob[MarkerAt..], (ulong)marker);
        BinaryPrimitives.WriteInt64LittleEndian(blob[PidAt..], nsPid);
        BinaryPrimitives.WriteInt64LittleEndian(blob[TidAt..], nsTid);
        BinaryPrimitives.WriteInt64LittleEndian(blob[ArenaSizeAt..], arenaSize);
        BinaryPrimitives.WriteUInt64LittleEndian(blob[AllSignalsAt..], ulong.MaxValue);
        InjectedCode.Checkpoint.CopyTo(blob[DataSize..]);
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
