using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Signals;

/// <summary>Signal actions of a task; signal mask and alternate stack of a thread. The masks are set last of all (ThreadRelease).</summary>
internal sealed class SignalsKind : ICapturesTask, ICapturesThread, IRestoresTask, IRestoresThread
{
    private const int SigTrap = 5, SigKill = 9, SigStop = 19;
    private const uint OnStack = 1;
    private const int StackSize = 24;

    public IEnumerable<RecordType> Records { get; } =
    [
        new(SignalRecordIds.Actions, "SIGACTIONS", SignalActionsRecord.Read, SignalActionsRecord.MaxPayload),
        new(SignalRecordIds.Thread, "THREAD_SIGNALS", ThreadSignalsRecord.Read, ThreadSignalsRecord.PayloadSize),
    ];

    public RestoreStage Stage => RestoreStage.State;

    public RestoreStage ThreadStage => RestoreStage.Threads;

    public Action<RecordSink> Capture(CaptureContext context, FrozenTask task, SyscallBatch batch)
    {
        var buffers = new RemoteBuffer[SignalActionsRecord.LastSignal + 1];
        for (var signal = 1; signal < buffers.Length; signal++)
            if (signal is not (SigKill or SigStop))
                batch.Must("read the signal action", signal, Sys.rt_sigaction, signal, 0, buffers[signal] = batch.Out(32), SignalSet.Size);
        return sink =>
        {
            var actions = new List<SavedSignalAction>();
            for (var signal = 1; signal < buffers.Length; signal++)
                if (buffers[signal].Length > 0 && batch.Read<KernelSigAction>(buffers[signal]) is var action && action != default)
                    actions.Add(new(signal, action));
            sink.Emit(new SignalActionsRecord(task.VPid, actions));
        };
    }

    public Action<RecordSink> Capture(CaptureContext context, FrozenThread thread, SyscallBatch batch)
    {
        var stack = batch.Out(StackSize);
        batch.Must("read the alternate stack", null, Sys.sigaltstack, 0, stack);
        return sink =>
        {
            var s = batch.Read<SignalStack>(stack);
            sink.Emit(new ThreadSignalsRecord
            {
                VTid = thread.VTid,
                Mask = thread.SignalMask,
                StackAddress = s.Address,
                StackSize = s.Size,
                StackFlags = s.Flags & ~OnStack,
            });
        };
    }

    /// <summary>A puppet starts with every action at its default. That of SIGTRAP waits for the release.</summary>
    public Action? Restore(RestoreContext context, RestoringTask task, SyscallBatch batch)
    {
        task.StopSignal = StopSignal.For(task.Image, context.Options);
        if (task.Image.Get<SignalActionsRecord>() is { } record)
            foreach (var (signal, action) in record.Actions)
                if (signal == SigTrap)
                    task.TrapAction = action;
                else
                    batch.Must("set the signal action", signal, Sys.rt_sigaction, signal, batch.In(action), 0, SignalSet.Size);
        return null;
    }

    public Action? Restore(RestoreContext context, RestoringThread thread, SyscallBatch batch)
    {
        if (thread.Image.Get<ThreadSignalsRecord>() is { } s && (s.StackFlags & ThreadSignalsRecord.Disabled) == 0)
            batch.Must("set the alternate stack", null, Sys.sigaltstack,
                batch.In(new SignalStack { Address = s.StackAddress, Size = s.StackSize, Flags = s.StackFlags }), 0);
        return null;
    }
}
