using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Objects.Namespaces;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Events;

/// <summary>
/// POSIX message queues. One with a name in the namespace of this program outlives the tree, messages and all, and is opened
/// again; one in a namespace of the tree's own comes back with that. Any other is made again, which only an empty one can be.
/// </summary>
internal sealed class MessageQueueKind : IDescriptorKind
{
    private const ulong Magic = 0x19800202;

    public IReadOnlyList<FdType> Types { get; } = [FdType.MessageQueue];

    public IEnumerable<RecordType> Records => [new(MessageQueueRecord.Id, "MESSAGE_QUEUE", MessageQueueRecord.Read, MessageQueueRecord.PayloadSize)];

    // No device stands behind that file system; all other files need not be asked.
    public bool Claims(Descriptor d) => d.Status.IsRegular && d.Status.DeviceMajor == 0 && !d.IsPathOnly && d.Name.StartsWith('/') && FileSystemType.OfDescriptor(d.Pid, d.Fd) == Magic;

    public void Inspect(DescriptorInspection inspection, Descriptor d)
    {
        if (AttributesOf(d) is not { } now)
        {
            inspection.Refuse(d, "CrMessageQueueUntold", "the attributes of the message queue cannot be read", "Run as the owner of the process or with CAP_SYS_PTRACE.");
            return;
        }
        if (Refusal(inspection.Context.Proc, d, now, IsOwn(inspection.Context.Proc, d.TaskPid)) is { } reason)
            inspection.Refuse(d, "CrMessagesWait", reason, "Let the program take them first.");
        MessageNotices.Inspect(inspection, d, now);
    }

    /// <summary>The descriptor that is borrowed for it is closed again: this process must not count among those who have the queue open.</summary>
    private static MessageQueueAttributes? AttributesOf(Descriptor d)
    {
        using var task = PidFd.Open(d.Pid);
        using var own = task.TryGet(d.Fd, out _);
        return own is null ? null : MessageQueue.Attributes(own);
    }

    public SavedForm Capture(DescriptorCapture capture, Descriptor d)
    {
        var objRef = capture.Shared.Reference(("message queue", d.Status.Device, d.Status.Inode), out var first);
        if (!first)
            return new(FdType.MessageQueue, d.Name, objRef);
        using var own = capture.Borrow(d);
        var isOwn = IsOwn(capture.Context.Proc, d.TaskPid);
        if (MessageQueue.Attributes(own) is not { } now || Refusal(capture.Context.Proc, d, now, isOwn) is not null)
            throw new CrTargetException("CrMessagesWait", $"Task {d.Pid}: the messages of {d.Label} cannot be saved.", "Let the program take them first.") { Pid = d.Pid, Object = d.Label };
        return new(FdType.MessageQueue, d.Name, objRef,
            [new MessageQueueRecord(objRef, now.MaxMessages, now.MessageSize, now.Messages, d.Status.Mode & 0xfff, d.Status.Uid, d.Status.Gid, d.Status.LinkCount == 0, isOwn)]);
    }

    public void Check(CheckContext context, SavedDescription saved)
    {
        var queue = context.Image.Object<MessageQueueRecord>(saved.Data.Object);
        if (queue.IsUnlinked || queue.IsOwn)
            return;
        using var there = MessageQueue.Open(saved.Name, out var errno);
        if (there is null && errno == Errno.ENOENT && queue.Messages == 0)
            return;
        if (there is null || MessageQueue.Attributes(there) is not { } now)
            context.Refuse(saved.Task, "CrMessageQueueMissing", saved.Label, $"the message queue {saved.Name}, with {queue.Messages} messages when it was saved, cannot be opened: {errno} ({errno.Describe()})", null, CrErrorKind.NotFound);
        else if ((now.MaxMessages, now.MessageSize) != (queue.MaxMessages, queue.MessageSize))
            context.Refuse(saved.Task, "CrMessageQueueChanged", saved.Label, $"the message queue {saved.Name} has other bounds than when it was saved", "Remove it (mq_unlink), and it will be made again if it was empty.");
        else if (now.Messages != queue.Messages && !context.Options.AcceptChangedFiles)
            context.Refuse(saved.Task, "CrMessageQueueChanged", saved.Label, $"the message queue {saved.Name} has {now.Messages} messages now, it had {queue.Messages} when it was saved", "Accept changed files if the program can live with it.");
    }

    public Action? Restore(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        var queue = server.Context.Image.Object<MessageQueueRecord>(saved.Data.Object);
        if (server.Context.States.Get<Made>().Queues.Add(queue.ObjRef))
            MessageQueueOpening.All(server, saved, queue);
        server.SetFlags(saved, batch);
        return null;
    }

    /// <summary>In a namespace of the tree's own, those with names are saved with it, where this program may enter it.</summary>
    private static string? Refusal(ProcReader proc, Descriptor d, in MessageQueueAttributes now, bool isOwn)
        => now.Messages == 0 || d.Status.LinkCount != 0 && (!isOwn || Capabilities.HasInitial(proc, Capabilities.SysAdmin)) ? null
            : $"{now.Messages} messages wait in a message queue that will be gone with the tree ({(d.Status.LinkCount == 0 ? "its name was removed" : "it is in an IPC namespace of the tree's own, which this program may not enter")}), and cannot be read without taking them";

    private static bool IsOwn(ProcReader proc, int pid) => (OwnNamespaces.Read(proc, pid) & NamespaceSet.Ipc) != 0;

    private sealed class Made
    {
        /// <summary>Those whose descriptions are all open.</summary>
        public HashSet<uint> Queues { get; } = [];
    }
}
