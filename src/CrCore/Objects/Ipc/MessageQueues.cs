using System.Diagnostics;
using System.Runtime.InteropServices;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Ipc;

/// <summary>Makes the message queues, System V's and POSIX's, of a new IPC namespace with what waits in them, in the root's puppet.</summary>
internal static class MessageQueues
{
    /// <summary>struct msqid64_ds, and where the bound on its bytes stands.</summary>
    private const int StatusSize = 120, MaxBytesAt = 88;

    private const int NoWait = 0x800, ProtReadWrite = 3, MapPrivateAnonymous = 0x22;

    /// <summary>Permissions of a POSIX queue that is not filled yet.</summary>
    private const int OwnerOnly = 0x180;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>What the messages pass through on their way, unless one is larger.</summary>
    private const int Window = 1 << 20;

    /// <summary>
    /// The limits with which all queues can be made: a new one takes its bound from the namespace, and more than that bound, or than what
    /// the namespace has when it is changed, takes CAP_SYS_RESOURCE (msgctl(2)). It may have held more than it may hold now.
    /// </summary>
    public static IReadOnlyList<string> LimitsToMake(TaskImage root, IpcLimitsRecord limits)
    {
        ulong widest = 0, bytes = 0, messages = 0, places = 0, size = 0, queues = 0;
        foreach (var record in root.Records)
        {
            if (record is PosixQueueRecord posix)
            {
                (places, size, queues) = (Math.Max(places, (ulong)posix.MaxMessages), Math.Max(size, (ulong)posix.MessageSize), queues + 1);
                (bytes, messages) = (0, 0);
            }
            else if (record is SystemVQueueRecord queue)
                (widest, bytes, messages) = (Math.Max(widest, queue.MaxBytes), 0, 0);
            else if (record is QueuedMessageRecord message)
                (bytes, messages) = (bytes + (ulong)message.Bytes.Length, messages + 1);
            widest = Math.Max(widest, Math.Max(bytes, messages));
        }
        string[] values = [.. limits.Values];
        Widen(IpcLimitsRecord.QueueBytes, widest);
        Widen(IpcLimitsRecord.PosixMessages, places);
        Widen(IpcLimitsRecord.PosixSize, size);
        Widen(IpcLimitsRecord.PosixQueues, queues);
        return values;

        void Widen(int limit, ulong least)
        {
            if (values[limit].Length > 0)
                values[limit] = IpcLimits.Wider(values[limit], Math.Min(least, int.MaxValue).ToString(System.Globalization.CultureInfo.InvariantCulture));
        }
    }

    public static void Make(RestoringTask task)
    {
        ICrRecord? queue = null;
        var messages = new List<(long Type, byte[] Bytes)>();
        var parts = new List<byte>();
        foreach (var record in task.Image.Records)
            switch (record)
            {
                case SystemVQueueRecord or PosixQueueRecord:
                    Make(task, queue, messages);
                    queue = record;
                    messages.Clear();
                    break;
                case QueuedMessageRecord part when queue is null:
                    throw ImageError.Objects(-1, $"a message of the type {part.MessageType} has no queue");
                case QueuedMessageRecord part:
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

    private static void Make(RestoringTask task, ICrRecord? queue, List<(long Type, byte[] Bytes)> messages)
    {
        if (queue is SystemVQueueRecord systemV)
            Make(task, systemV, messages);
        else if (queue is PosixQueueRecord posix)
            Make(task, posix, messages);
    }

    private static void Make(RestoringTask task, PosixQueueRecord queue, List<(long Type, byte[] Bytes)> messages)
    {
        var number = Open(task, queue);
        var batch = new SyscallBatch();
        batch.Must("giving an owner to", queue, Sys.fchown, number, queue.Uid, queue.Gid);
        batch.Must("giving permissions to", queue, Sys.fchmod, number, queue.Mode);
        task.Remote.Run(batch);
        if (messages.Count > 0)
            Send(task, queue, messages, 0, (calls, at, length, priority) => calls.Must("sending a message to", queue, Sys.mq_timedsend, number, at, length, priority, 0));
        batch.Reset();
        batch.Must("closing", queue, Sys.close, number);
        task.Remote.Run(batch);
    }

    /// <summary>
    /// Makes it. All queues of a user count against the maker's RLIMIT_MSGQUEUE, whatever namespace they are in (mqueue_get_inode
    /// in ipc/mqueue.c), and those of a namespace that has just ended count until the kernel finds time to take it apart
    /// (free_ipc_work in ipc/namespace.c): the tree's own from before. So EMFILE is waited out for a while.
    /// </summary>
    private static long Open(RestoringTask task, PosixQueueRecord queue)
    {
        var started = Stopwatch.GetTimestamp();
        ReadOnlySpan<long> attributes = [0, queue.MaxMessages, queue.MessageSize, 0, 0, 0, 0, 0];
        var batch = new SyscallBatch();
        while (true)
        {
            batch.Reset();
            // The system call takes the name without the slash that mq_open(3) wants (ipc/mqueue.c).
            var opened = batch.Try(Sys.mq_open, batch.Text(queue.Name[1..]), FileNative.O_RDWR | OpenFlags.Create | OpenFlags.Exclusive | FileNative.O_CLOEXEC, OwnerOnly, batch.In(MemoryMarshal.AsBytes(attributes)));
            task.Remote.Run(batch);
            var errno = batch.ErrnoOf(opened);
            if (errno == Errno.None)
                return batch.Result(opened);
            if (errno != Errno.EMFILE || Stopwatch.GetElapsedTime(started) > Patience)
                throw KernelError.Create("CrPosixQueueFailed", $"Making the {queue} failed", errno, task.Pid, queue.ToString(),
                    errno == Errno.EMFILE ? "Restore with a higher limit of bytes in message queues (ulimit -q), or remove queues of this user (mq_unlink)." : null);
            Thread.Sleep(10);
        }
    }

    private static void Make(RestoringTask task, SystemVQueueRecord queue, List<(long Type, byte[] Bytes)> messages)
    {
        var batch = new SyscallBatch();
        var made = SystemVCreation.MessageQueue.Make(batch, queue, queue.Name, null);
        task.Remote.Run(batch);
        SystemVCreation.Demand(batch, made, queue, queue.Name);
        // Its own bound may be narrower than what waits in it; the namespace's is not, at this moment.
        if (messages.Count > 0)
            Send(task, queue, messages, sizeof(long), (calls, at, length, _) => calls.Must("sending a message to", queue, Sys.msgsnd, queue.Name.Id, at, length, NoWait));
        var status = SemaphoreSets.Status(queue.Name, StatusSize);
        BitConverter.TryWriteBytes(status.AsSpan(MaxBytesAt), queue.MaxBytes);
        batch.Reset();
        batch.Must("giving an owner to", queue, Sys.msgctl, queue.Name.Id, SystemVCreation.IpcSet, batch.In(status));
        task.Remote.Run(batch);
    }

    /// <param name="header">Bytes before the text: a System V message's type.</param>
    private static void Send(RestoringTask task, ICrRecord queue, List<(long Type, byte[] Bytes)> messages, int header, Action<SyscallBatch, ulong, int, long> send)
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
            if (used + header + bytes.Length > size || batch.ArenaBytes > task.Remote.ArenaSize / 2)
                Flush();
            if (header > 0)
                MemoryMarshal.Write(buffer.AsSpan(used), type);
            bytes.CopyTo(buffer, used + header);
            send(batch, address + (ulong)used, bytes.Length, type);
            used = (used + header + bytes.Length + 7) & ~7;
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
