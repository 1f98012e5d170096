using System.Runtime.InteropServices;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Ipc;

/// <summary>Makes the System V message queues of a new IPC namespace with what waits in them, in the root's puppet.</summary>
internal static class MessageQueues
{
    /// <summary>struct msqid64_ds, and where the bound on its bytes stands.</summary>
    private const int StatusSize = 120, MaxBytesAt = 88;

    private const int NoWait = 0x800, ProtReadWrite = 3, MapPrivateAnonymous = 0x22;

    /// <summary>What the messages pass through on their way, unless one is larger.</summary>
    private const int Window = 1 << 20;

    /// <summary>
    /// The limits with which all queues can be made: a new one takes its bound from the namespace, and more than that bound, or than what
    /// the namespace has when it is changed, takes CAP_SYS_RESOURCE (msgctl(2)). It may have held more than it may hold now.
    /// </summary>
    public static IReadOnlyList<string> LimitsToMake(TaskImage root, IpcLimitsRecord limits)
    {
        ulong widest = 0, bytes = 0, messages = 0;
        foreach (var record in root.Records)
        {
            if (record is SystemVQueueRecord queue)
                (widest, bytes, messages) = (Math.Max(widest, queue.MaxBytes), 0, 0);
            else if (record is SystemVMessageRecord message)
                (bytes, messages) = (bytes + (ulong)message.Bytes.Length, messages + 1);
            widest = Math.Max(widest, Math.Max(bytes, messages));
        }
        string[] values = [.. limits.Values];
        values[IpcLimitsRecord.QueueBytes] = IpcLimits.Wider(values[IpcLimitsRecord.QueueBytes], Math.Min(widest, int.MaxValue).ToString(System.Globalization.CultureInfo.InvariantCulture));
        return values;
    }

    public static void Make(RestoringTask task)
    {
        SystemVQueueRecord? queue = null;
        var messages = new List<(long Type, byte[] Bytes)>();
        var parts = new List<byte>();
        foreach (var record in task.Image.Records)
            switch (record)
            {
                case SystemVQueueRecord next:
                    Make(task, queue, messages);
                    queue = next;
                    messages.Clear();
                    break;
                case SystemVMessageRecord part when queue is null:
                    throw ImageError.Objects(-1, $"a message of the type {part.MessageType} has no queue");
                case SystemVMessageRecord part:
                    parts.AddRange(part.Bytes.Span);
                    if (part.Continues)
                        break;
                    messages.Add((part.MessageType, [.. parts]));
                    parts.Clear();
                    break;
            }
        if (parts.Count > 0)
            throw ImageError.Objects(-1, $"the last message of the {queue} has no end");
        Make(task, queue, messages);
    }

    private static void Make(RestoringTask task, SystemVQueueRecord? queue, List<(long Type, byte[] Bytes)> messages)
    {
        if (queue is null)
            return;
        var batch = new SyscallBatch();
        var made = SystemVCreation.MessageQueue.Make(batch, queue, queue.Name, null);
        task.Remote.Run(batch);
        SystemVCreation.Demand(batch, made, queue, queue.Name);
        // Its own bound may be narrower than what waits in it; the namespace's is not, at this moment.
        if (messages.Count > 0)
            Send(task, queue, messages);
        var status = SemaphoreSets.Status(queue.Name, StatusSize);
        BitConverter.TryWriteBytes(status.AsSpan(MaxBytesAt), queue.MaxBytes);
        batch.Reset();
        batch.Must("giving an owner to", queue, Sys.msgctl, queue.Name.Id, SystemVCreation.IpcSet, batch.In(status));
        task.Remote.Run(batch);
    }

    private static void Send(RestoringTask task, SystemVQueueRecord queue, List<(long Type, byte[] Bytes)> messages)
    {
        var size = Window;
        foreach (var (_, bytes) in messages)
            size = Math.Max(size, bytes.Length + 2 * sizeof(long));
        var batch = new SyscallBatch();
        var window = batch.Must("making room for the messages of", queue, Sys.mmap, 0, size, ProtReadWrite, MapPrivateAnonymous, -1, 0);
        task.Remote.Run(batch);
        var address = (ulong)batch.Result(window);
        batch.Reset();
        var buffer = new byte[size];
        var used = 0;
        foreach (var (type, bytes) in messages)
        {
            if (used + sizeof(long) + bytes.Length > size || batch.ArenaBytes > task.Remote.ArenaSize / 2)
                Flush();
            MemoryMarshal.Write(buffer.AsSpan(used), type);
            bytes.CopyTo(buffer, used + sizeof(long));
            batch.Must("sending a message to", queue, Sys.msgsnd, queue.Name.Id, address + (ulong)used, bytes.Length, NoWait);
            used = (used + sizeof(long) + bytes.Length + 7) & ~7;
        }
        Flush();
        batch.Must("letting the messages go of", queue, Sys.munmap, address, size);
        task.Remote.Run(batch);

        void Flush()
        {
            ProcessMemory.Write(task.Pid, address, buffer.AsSpan(0, Math.Min(used, size)));
            task.Remote.Run(batch);
            batch.Reset();
            used = 0;
        }
    }
}
