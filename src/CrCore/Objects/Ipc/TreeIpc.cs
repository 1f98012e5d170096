using CrCore.Kernel;

namespace CrCore.Objects.Ipc;

/// <summary>What a look into the tree's own IPC namespace has found. Kept from the look at the frozen tree to its capture.</summary>
internal sealed class TreeIpc
{
    public sealed record Set(int Id, SemaphoreSetStatus Status, ushort[] Values, int[] Pids);

    public sealed record Queue(int Id, SystemVQueueStatus Status, IReadOnlyList<(long Type, byte[] Bytes)> Messages);

    public sealed record Contents(IReadOnlyList<(int Id, SystemVSegmentStatus Status)> Segments, IReadOnlyList<Set> Sets, IReadOnlyList<Queue> Queues, IReadOnlyList<PosixQueue> PosixQueues, string[] Limits);

    /// <param name="Name">With its slash.</param>
    /// <param name="Notified">Who waits to be notified, or 0.</param>
    public sealed record PosixQueue(string Name, MessageQueueAttributes Attributes, FileStatus Status, int Notified);

    /// <summary>Null before the look, and where the namespace may not be entered.</summary>
    public Contents? Found { get; set; }

    /// <summary>For the calling thread, in that namespace.</summary>
    public static Contents Read()
    {
        var sets = new List<Set>();
        foreach (var (id, status) in SystemVObjects.SemaphoreSets())
        {
            var values = SystemVObjects.SemaphoreValues(id, (int)status.Count);
            var pids = new int[values.Length];
            for (var i = 0; i < pids.Length; i++)
                pids[i] = SystemVObjects.SemaphorePid(id, i);
            sets.Add(new(id, status, values, pids));
        }
        var queues = new List<Queue>();
        var buffer = new byte[64 * 1024];
        foreach (var (id, status) in SystemVObjects.MessageQueues())
            queues.Add(new(id, status, ReadMessages(id, (int)status.Messages, status.Bytes, ref buffer)));
        return new(SystemVObjects.Segments(), sets, queues, ReadPosixQueues(), IpcLimits.Read());
    }

    private static List<PosixQueue> ReadPosixQueues()
    {
        var queues = new List<PosixQueue>();
        foreach (var name in MessageQueueFiles.Names())
        {
            using var queue = MessageQueue.Open("/" + name, out var errno);
            // One that was removed meanwhile.
            if (errno == Errno.ENOENT)
                continue;
            if (queue is null || MessageQueue.Attributes(queue) is not { } attributes || FileStatus.ReadOwn(queue.Number, out var status) != Errno.None)
                throw KernelError.Create("CrSystemVFailed", $"Looking at the message queue /{name} failed", errno, on: $"message queue /{name}");
            queues.Add(new("/" + name, attributes, status, MessageQueue.Notice(queue).Pid));
        }
        return queues;
    }

    /// <exception cref="CrKernelException">A message is longer than kernel.msgmax, which was lowered since (EINVAL).</exception>
    private static List<(long, byte[])> ReadMessages(int id, int count, ulong bytes, ref byte[] buffer)
    {
        var messages = new List<(long, byte[])>(count);
        // None is longer than all together.
        if ((ulong)buffer.Length < bytes + sizeof(long))
            buffer = new byte[bytes + sizeof(long)];
        for (var i = 0; i < count; i++)
        {
            var length = SystemVObjects.PeekMessage(id, i, buffer, out var type);
            // A running program has taken some meanwhile; the frozen tree is looked at again.
            if (Libc.ErrnoOf(length) == Errno.ENOMSG)
                break;
            if (length < 0)
                throw KernelError.Create("CrSystemVFailed", $"Copying message {i} of the message queue {id} failed", Libc.ErrnoOf(length), on: $"message queue {id}",
                    advice: "A message longer than kernel.msgmax cannot be copied: raise that in the namespace. Copying takes CONFIG_CHECKPOINT_RESTORE.");
            messages.Add((type, buffer.AsSpan(sizeof(long), (int)length).ToArray()));
        }
        return messages;
    }
}
