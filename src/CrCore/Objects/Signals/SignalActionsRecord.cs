using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Signals;

/// <summary>What a task does on a signal.</summary>
/// <param name="Signal">1 … 64.</param>
/// <param name="Action">Handler, flags and mask, as rt_sigaction(2) gives them.</param>
public sealed record SavedSignalAction(int Signal, KernelSigAction Action);

/// <summary>SIGACTIONS (130): the signal actions of a task that are not wholly at their default (rt_sigaction(2)), ascending.</summary>
/// <param name="VPid">The task: the framing's parent.</param>
/// <param name="Actions">At most one a signal.</param>
public sealed record SignalActionsRecord(int VPid, IReadOnlyList<SavedSignalAction> Actions) : ICrRecord
{
    internal const int LastSignal = 64;

    private const int EntrySize = 36;

    internal const int MaxPayload = 4 + LastSignal * EntrySize;

    /// <inheritdoc/>
    public short Type => SignalRecordIds.Actions;
    /// <inheritdoc/>
    public uint Parent => (uint)VPid;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32((uint)Actions.Count);
        foreach (var (signal, action) in Actions)
        {
            w.I32(signal);
            w.U64(action.Handler);
            w.U64(action.Flags);
            w.U64(action.Restorer);
            w.U64(action.Mask);
        }
    }

    internal static SignalActionsRecord Read(uint parent, ref FieldReader r)
    {
        var actions = new SavedSignalAction[r.Count(EntrySize)];
        var last = 0;
        for (var i = 0; i < actions.Length; i++)
        {
            var signal = r.I32();
            if (signal <= last || signal > LastSignal)
                throw r.Bad($"the action of signal {signal} follows that of {last}");
            last = signal;
            actions[i] = new(signal, new(r.U64(), r.U64(), r.U64(), r.U64()));
        }
        return new SignalActionsRecord((int)parent, actions);
    }
}
