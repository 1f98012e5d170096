using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Namespaces;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Ipc;

/// <summary>
/// The System V objects of a tree that has an IPC namespace of its own: all of them are the tree's, whether a task uses them or not.
/// In the namespace of the saving program they are the machine's, and outlive the tree.
/// </summary>
internal sealed class SystemVKind : IInspectsTask, ICapturesTask, IRestoresTask
{
    public IEnumerable<RecordType> Records { get; } =
    [
        new(IpcRecordIds.SemaphoreSet, "SEMAPHORE_SET", SemaphoreSetRecord.Read, SemaphoreSetRecord.MaxPayload),
        new(IpcRecordIds.MessageQueue, "SYSV_QUEUE", SystemVQueueRecord.Read, SystemVQueueRecord.PayloadSize),
        new(IpcRecordIds.Message, "QUEUED_MESSAGE", QueuedMessageRecord.Read, QueuedMessageRecord.MaxPayload),
        new(IpcRecordIds.PosixQueue, "POSIX_QUEUE", PosixQueueRecord.Read, PosixQueueRecord.MaxPayload),
        new(IpcRecordIds.Limits, "IPC_LIMITS", IpcLimitsRecord.Read, IpcLimitsRecord.MaxPayload),
    ];

    public RestoreStage Stage => RestoreStage.Root;

    public void Inspect(InspectContext context, LiveTask task)
    {
        if (task != context.Root || (OwnNamespaces.Read(context.Proc, task.Pid) & NamespaceSet.Ipc) == 0)
            return;
        try
        {
            var found = IpcNamespace.Run(context.Proc, task.Pid, TreeIpc.Read);
            context.States.Get<TreeIpc>().Found = found;
            foreach (var queue in found.PosixQueues)
                if (queue is { Notified: not 0, Attributes.Messages: not 0 })
                    context.Refuse(task, "CrMessageQueueNotify", $"message queue {queue.Name}", $"process {queue.Notified} waits to be notified (mq_notify), and would be if its messages were looked at", "Let the program end the notification first.");
        }
        catch (CrKernelException e) when (e.Id == IpcNamespace.ErrorId && e.Errno == Errno.EPERM)
        {
            // What is in there is counted by the task itself, once it is frozen: nothing can be saved from outside.
        }
        catch (CrKernelException e) when (e.Id == "CrSystemVFailed")
        {
            context.Refuse(task, "CrIpcNotSaved", e.Object ?? "IPC namespace", e.Message, e.Advice);
        }
    }

    public Action<RecordSink>? Capture(CaptureContext context, FrozenTask task, SyscallBatch batch)
    {
        if (task != context.Root || (OwnNamespaces.Read(context.Proc, task.Pid) & NamespaceSet.Ipc) == 0)
            return null;
        if (context.States.Get<TreeIpc>().Found is { } found)
            return sink => new SystemVObjectsCapture(context).Emit(found, sink);
        var counts = IpcContents.Read(batch);
        return _ => counts.RequireEmpty(batch, task);
    }

    public Action? Restore(RestoreContext context, RestoringTask task, SyscallBatch batch)
    {
        // Only the namespaces of a tree's own have any.
        if (task.Image.Get<IpcLimitsRecord>() is not { } limits)
            return null;
        IpcLimits.Set(task.Remote, limits with { Values = MessageQueues.LimitsToMake(task.Image, limits) }, raiseOnly: true);
        SemaphoreSets.Make(task);
        MessageQueues.Make(task);
        return null;
    }
}

/// <summary>Sets the limits of the tree's own IPC namespace once all that is in it is made.</summary>
internal sealed class IpcLimitsKind : IRestoresTask
{
    public IEnumerable<RecordType> Records => [];

    public RestoreStage Stage => RestoreStage.State;

    public Action? Restore(RestoreContext context, RestoringTask task, SyscallBatch batch)
        => task.Parent is null && task.Image.Get<IpcLimitsRecord>() is { } limits ? () => IpcLimits.Set(task.Remote, limits, raiseOnly: false) : null;
}
