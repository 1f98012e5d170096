using CrCore.Image;

namespace CrCore.Objects.ProcessState;

/// <summary>THREAD_MODES (173): what few threads turn on; only where something is.</summary>
/// <param name="VTid">The thread: the framing's parent.</param>
/// <param name="FlushesIo">Its allocations never wait for the storage that it serves (PR_SET_IO_FLUSHER).</param>
/// <param name="TrapsCpuid">The cpuid instruction gives it SIGSEGV (ARCH_SET_CPUID).</param>
public sealed record ThreadModesRecord(int VTid, bool FlushesIo, bool TrapsCpuid) : ICrRecord
{
    internal const int PayloadSize = 8;

    /// <inheritdoc/>
    public short Type => ProcessRecordIds.ThreadModes;
    /// <inheritdoc/>
    public uint Parent => (uint)VTid;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32((FlushesIo ? 1u : 0) | (TrapsCpuid ? 2u : 0));
        w.U32(0);
    }

    internal static ThreadModesRecord Read(uint parent, ref FieldReader r)
    {
        var flags = r.U32();
        r.Pad4();
        return flags <= 3 ? new((int)parent, (flags & 1) != 0, (flags & 2) != 0) : throw r.Bad($"unknown flags 0x{flags:x}");
    }
}
