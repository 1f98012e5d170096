using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Dispatch;

/// <summary>
/// System calls that a thread is handed as signals, as programs do that run those made for another system
/// (Documentation/admin-guide/syscall-user-dispatch.rst). It is suspended while the thread makes calls for this program.
/// </summary>
internal sealed class UserDispatchKind : ICapturesThread, IRestoresThread
{
    public IEnumerable<RecordType> Records { get; } =
        [new(UserDispatchRecord.Id, "USER_DISPATCH", UserDispatchRecord.Read, UserDispatchRecord.PayloadSize)];

    public RestoreStage ThreadStage => RestoreStage.Threads;

    public Action<RecordSink>? Capture(CaptureContext context, FrozenThread thread, SyscallBatch batch)
        => thread.Dispatch.IsOn ? sink => sink.Emit(new UserDispatchRecord(thread.VTid, thread.Dispatch)) : null;

    /// <summary>When the thread makes no calls any more: not even the one that it waits in.</summary>
    public Action? Restore(RestoreContext context, RestoringThread thread, SyscallBatch batch)
    {
        if (thread.Image.Get<UserDispatchRecord>() is not { } saved)
            return null;
        var give = thread.GiveSignals;
        thread.GiveSignals = () =>
        {
            give?.Invoke();
            TraceCall.Check(Ptrace.SetUserDispatch(thread.Tid, saved.Dispatch), "Setting the dispatch of system calls", thread.Tid);
        };
        return null;
    }
}
