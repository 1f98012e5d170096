using CrCore.Image;

namespace CrCore.Objects.Signals;

/// <summary>THREAD_SIGNALS (131): a thread's signal mask and alternate stack (sigaltstack(2)).</summary>
public sealed record ThreadSignalsRecord : ICrRecord
{
    internal const int PayloadSize = 32;

    /// <summary>SS_DISABLE of linux/signal.h: there is no alternate stack.</summary>
    public const uint Disabled = 2;

    /// <inheritdoc/>
    public short Type => SignalRecordIds.Thread;
    /// <inheritdoc/>
    public uint Parent => (uint)VTid;

    /// <summary>The thread, by its number in the tree's pid namespace: the framing's parent.</summary>
    public required int VTid { get; init; }

    /// <summary>Bit n − 1 is signal n.</summary>
    public ulong Mask { get; init; }

    /// <summary>Lowest address of the alternate stack (ss_sp); 0 without one.</summary>
    public ulong StackAddress { get; init; }

    /// <summary>Bytes.</summary>
    public ulong StackSize { get; init; }

    /// <summary><see cref="Disabled"/>, or 0x80000000 for SS_AUTODISARM. Whether the thread is on the stack its rsp tells.</summary>
    public uint StackFlags { get; init; }

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U64(Mask);
        w.U64(StackAddress);
        w.U64(StackSize);
        w.U32(StackFlags);
        w.U32(0);
    }

    internal static ThreadSignalsRecord Read(uint parent, ref FieldReader r)
    {
        var record = new ThreadSignalsRecord
        {
            VTid = (int)parent,
            Mask = r.U64(),
            StackAddress = r.U64(),
            StackSize = r.U64(),
            StackFlags = r.U32(),
        };
        r.Pad4();
        return record;
    }
}
