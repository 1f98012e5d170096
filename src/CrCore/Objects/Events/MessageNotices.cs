using CrCore.Kernel;
using CrCore.Objects.Files;

namespace CrCore.Objects.Events;

/// <summary>A registration of mq_notify(2) of a task of the tree.</summary>
/// <param name="Queue">The owner's descriptor onto the queue.</param>
/// <param name="Signal">Of SIGEV_SIGNAL; of SIGEV_THREAD the netlink socket.</param>
internal sealed record LiveNotice(Descriptor Queue, int Notify, int Signal)
{
    /// <summary>Nobody will ever see its value.</summary>
    public bool IsSilent => Notify == MessageNoticeRecord.ByNothing || Notify == MessageNoticeRecord.BySignal && Signal == 0;
}

/// <summary>Which tasks wait to be notified of messages, and whether what the kernel does not show of it can be found.</summary>
internal sealed class MessageNotices
{
    private const int SigKill = 9, SigContinue = 18, SigStop = 19, SigTtou = 22;
    private const string Id = "CrMessageQueueNotify", Advice = "Let the program end the notification first (mq_notify with no sigevent).";

    private readonly Dictionary<(int Pid, ulong Inode), LiveNotice> _found = [];

    /// <summary>Of one task.</summary>
    public IEnumerable<LiveNotice> Of(int pid)
    {
        foreach (var (key, notice) in _found)
            if (key.Pid == pid)
                yield return notice;
    }

    /// <summary>Looks at a queue by a descriptor of the task that is to be notified; those of others tell the same.</summary>
    public static void Inspect(DescriptorInspection inspection, Descriptor d, in MessageQueueAttributes queue)
    {
        // The owner has one: the kernel ends the registration when it closes any (mqueue_flush_file in ipc/mqueue.c).
        if (d.IsHeld || MessageQueue.Notice(d) is not { Pid: > 0 } seen || seen.Pid != d.Pid)
            return;
        var found = inspection.Context.States.Get<MessageNotices>()._found;
        var notice = new LiveNotice(d, seen.Notify, seen.Signal);
        if (found.TryGetValue((d.Pid, d.Status.Inode), out var before) && (before.Queue.CanRead && before.Queue.CanWrite || !d.CanRead || !d.CanWrite))
            return;
        found[(d.Pid, d.Status.Inode)] = notice;
        if (queue.Messages != 0)
            inspection.RefuseForNow(d, Id, $"task {d.Pid} waits to be notified of the next message (mq_notify), and {queue.Messages} that are no news to it wait in the queue", "Let the program take them first.");
        else if (notice.Notify == MessageNoticeRecord.BySocket)
            InspectSocket(inspection, found, notice);
        else if (!notice.IsSilent)
            InspectSignal(inspection, notice);
    }

    /// <summary>The value of a signal shows when a message comes: it must reach nobody else, and find no other signal like it.</summary>
    private static void InspectSignal(DescriptorInspection inspection, LiveNotice notice)
    {
        var (d, signal) = (notice.Queue, notice.Signal);
        if (signal is SigKill or SigContinue or (>= SigStop and <= SigTtou))
            inspection.Refuse(d, Id, $"task {d.Pid} waits to be notified by signal {signal} (mq_notify), which does more than notify", Advice);
        else if (inspection.FindHolders([d.LinkText]).Of(d.LinkText) is [var other, ..])
            inspection.Refuse(d, Id, $"task {d.Pid} waits to be notified by a signal (mq_notify); with which value shows only when a message comes, and {other} might take that", Advice);
        else if (inspection.Context.IsFrozen && ProcStatus.TryRead(inspection.Context.Proc, d.Pid, out var status)
            && (((status.PendingSignals | status.SharedPendingSignals) >> (signal - 1) & 1) != 0 || status.QueuedSignals >= status.QueuedSignalLimit))
            inspection.RefuseForNow(d, Id, $"task {d.Pid} waits to be notified by signal {signal} (mq_notify); with which value shows only when it comes, and others wait before it", Advice);
    }

    /// <summary>The kernel does not tell which socket it was given, but says through it that the registration has ended.</summary>
    private static void InspectSocket(DescriptorInspection inspection, Dictionary<(int, ulong), LiveNotice> found, LiveNotice notice)
    {
        var d = notice.Queue;
        var sockets = new Dictionary<ulong, int>();
        foreach (var other in inspection.Of(inspection.Context.Tasks[d.Pid]))
            if (other.Socket is { Family: SocketFamily.Netlink })
                sockets.TryAdd(other.Status.Inode, other.Fd);
        if (sockets.Count == 1)
            found[(d.Pid, d.Status.Inode)] = notice with { Signal = sockets.First().Value };
        else
            inspection.Refuse(d, Id, $"task {d.Pid} waits to be notified through a netlink socket (mq_notify with SIGEV_THREAD), and has {(sockets.Count == 0 ? "none any more" : $"{sockets.Count}, of which it may be any")}", Advice);
    }
}
