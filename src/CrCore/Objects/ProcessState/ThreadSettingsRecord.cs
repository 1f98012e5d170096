using CrCore.Image;

namespace CrCore.Objects.ProcessState;

/// <summary>THREAD_SETTINGS (152): attributes of one thread, most of them set by prctl(2).</summary>
public sealed record ThreadSettingsRecord : ICrRecord
{
    internal const int PayloadSize = ImageFormat.CommLength + 32;

    /// <inheritdoc/>
    public short Type => ProcessRecordIds.ThreadSettings;
    /// <inheritdoc/>
    public uint Parent => (uint)VTid;

    /// <summary>The thread, by its number in the tree's pid namespace: the framing's parent.</summary>
    public required int VTid { get; init; }

    /// <summary>At most 15 bytes, as <see cref="LinuxText"/> has them.</summary>
    public string Name { get; init; } = "";

    /// <summary>The signal that the thread gets when its parent ends, 0 for none (PR_SET_PDEATHSIG).</summary>
    public uint ParentDeathSignal { get; init; }

    /// <summary>Execution domain and flags (personality(2)).</summary>
    public uint Personality { get; init; }

    /// <summary>PR_TSC_ENABLE (1) or PR_TSC_SIGSEGV (2).</summary>
    public uint TimeStampCounter { get; init; }

    /// <summary>PR_MCE_KILL_*: late 0, early 1, default 2.</summary>
    public uint MachineCheckKill { get; init; }

    /// <summary>PR_GET_SPECULATION_CTRL of store bypass, indirect branch and L1D flush; 0 where the kernel has none.</summary>
    public uint StoreBypass { get; init; }

    /// <summary>See <see cref="StoreBypass"/>.</summary>
    public uint IndirectBranch { get; init; }

    /// <summary>See <see cref="StoreBypass"/>.</summary>
    public uint L1dFlush { get; init; }

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.FixedText(Name, ImageFormat.CommLength);
        w.U32(ParentDeathSignal);
        w.U32(Personality);
        w.U32(TimeStampCounter);
        w.U32(MachineCheckKill);
        w.U32(StoreBypass);
        w.U32(IndirectBranch);
        w.U32(L1dFlush);
        w.U32(0);
    }

    internal static ThreadSettingsRecord Read(uint parent, ref FieldReader r)
    {
        var record = new ThreadSettingsRecord
        {
            VTid = (int)parent,
            Name = r.FixedText(ImageFormat.CommLength),
            ParentDeathSignal = r.U32(),
            Personality = r.U32(),
            TimeStampCounter = r.U32(),
            MachineCheckKill = r.U32(),
            StoreBypass = r.U32(),
            IndirectBranch = r.U32(),
            L1dFlush = r.U32(),
        };
        r.Pad4();
        return record;
    }
}
