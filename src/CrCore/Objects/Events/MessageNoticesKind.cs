using System.Runtime.InteropServices;
using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Events;

/// <summary>
/// Tasks that wait to be notified of the next message in a POSIX queue (mq_notify(3)). What the kernel does not show of it, it says when
/// the registration ends: the frozen task has it end, takes what came, and registers again, all in one batch, which runs to its end
/// also where this program is killed meanwhile.
/// </summary>
internal sealed class MessageNoticesKind : ICapturesTask, IAsksTask, IRestoresTask
{
    private const int DontWait = 0x40, Block = 0, SetMask = 2;

    public IEnumerable<RecordType> Records => [new(EventRecordIds.MessageNotice, "MESSAGE_NOTICE", MessageNoticeRecord.Read, MessageNoticeRecord.PayloadSize)];

    public Func<SyscallBatch, bool>? Ask(CaptureContext context, FrozenTask task)
    {
        List<LiveNotice> notices = [.. context.States.Get<MessageNotices>().Of(task.Pid)];
        return notices.Count == 0 ? null : new Round(task, notices, context.States.Get<Answers>()).Next;
    }

    public Action<RecordSink>? Capture(CaptureContext context, FrozenTask task, SyscallBatch batch) => sink =>
    {
        foreach (var record in context.States.Get<Answers>().All)
            if (record.VPid == task.VPid)
                sink.Emit(record);
    };

    /// <summary>
    /// When the serving of descriptors has ended: a task's registration ends when it closes any descriptor onto the queue, and the root
    /// closes those that it served.
    /// </summary>
    public RestoreStage Stage => RestoreStage.Threads;

    public Action? Restore(RestoreContext context, RestoringTask task, SyscallBatch batch)
    {
        foreach (var record in task.Image.All<MessageNoticeRecord>())
        {
            var notice = batch.In(new SigEvent { Value = record.Value, Signal = record.Signal, Notify = record.Notify });
            if (record.Notify == MessageNoticeRecord.BySocket)
                batch.Pointer(notice, batch.In(record.Cookie));
            batch.Must("wait to be notified of messages in the queue of", $"descriptor {record.Fd}", Sys.mq_notify, record.Fd, notice);
        }
        return null;
    }

    /// <summary>What was found, until it is written.</summary>
    private sealed class Answers
    {
        public List<MessageNoticeRecord> All { get; } = [];
    }

    private sealed class Round(FrozenTask task, List<LiveNotice> notices, Answers answers)
    {
        private readonly List<Func<SyscallBatch, MessageNoticeRecord>> _asked = [];
        private bool _isAsked;

        public bool Next(SyscallBatch batch)
        {
            if (_isAsked)
            {
                foreach (var answer in _asked)
                    answers.All.Add(answer(batch));
                return false;
            }
            _isAsked = true;
            foreach (var notice in notices)
                if (notice.IsSilent)
                    answers.All.Add(RecordOf(notice, 0, default));
                else
                    _asked.Add(notice.Notify == MessageNoticeRecord.BySocket ? AskSocket(batch, notice) : AskSignal(batch, notice));
            return _asked.Count > 0;
        }

        /// <summary>A message of no bytes makes the kernel send the signal, and is taken out again, as the signal is.</summary>
        private Func<SyscallBatch, MessageNoticeRecord> AskSignal(SyscallBatch batch, LiveNotice notice)
        {
            var (d, size) = (notice.Queue, SizeOf(notice.Queue));
            var isOpen = d.CanRead && d.CanWrite;
            var never = batch.In(new TimeSpec(0, 0));
            var (wanted, masked) = (batch.In(new SignalSet(0).With(notice.Signal)), batch.Out(SignalSet.Size));
            // It may be the one signal that is not held back in injected code, which stops it for its tracer (docs/injection.md).
            batch.Try(Sys.rt_sigprocmask, Block, wanted, masked, SignalSet.Size);
            var opened = isOpen ? default : batch.Try(Sys.openat, FileNative.AT_FDCWD, batch.Text($"/proc/self/fd/{d.Fd}"), OpenFlags.ReadWrite | OpenFlags.CloseOnExec);
            Arg queue = isOpen ? d.Fd : opened;
            // Absolute times: long past. Nothing is copied of no bytes, but there must be room for the longest message.
            var sent = batch.Try(Sys.mq_timedsend, queue, never, 0, 0, never);
            var taken = batch.Try(Sys.mq_timedreceive, queue, never, size, 0, never);
            // Before the registration is made again, which this would end.
            if (!isOpen)
                batch.Try(Sys.close, opened);
            var info = batch.Out(SigInfo.Length);
            var seen = batch.Try(Sys.rt_sigtimedwait, wanted, info, batch.In(new TimeSpec(0, 0)), SignalSet.Size);
            batch.Try(Sys.rt_sigprocmask, SetMask, masked, 0, SignalSet.Size);
            var again = batch.In(new SigEvent { Signal = notice.Signal, Notify = notice.Notify });
            // The value, of both.
            batch.CopyWords(info.Skip(SigInfo.ValueAt), again);
            var registered = batch.Try(Sys.mq_notify, d.Fd, again);
            return b =>
            {
                if (!isOpen)
                    Require(b, opened, d, "opening the queue to read and write");
                Require(b, sent, d, "sending a message");
                Require(b, taken, d, "taking the message out again");
                Require(b, seen, d, "taking the signal");
                Require(b, registered, d, "registering again");
                var came = b.Read<SigInfo>(info);
                return came.Code == SigInfo.FromMessageQueue ? RecordOf(notice, came.Value, default)
                    : throw new CrTargetException("CrMessageQueueNotify", $"Task {task}: {d.Label}: the signal that came with a message was another's.", "Run the checkpoint again.") { Pid = task.Pid, Object = d.Label };
            };
        }

        /// <summary>Ended, the registration sends its cookie with another last byte, which the kernel sets each time (set_cookie in ipc/mqueue.c).</summary>
        private Func<SyscallBatch, MessageNoticeRecord> AskSocket(SyscallBatch batch, LiveNotice notice)
        {
            var d = notice.Queue;
            var cookie = batch.Out(Marshal.SizeOf<NoticeCookie>());
            var ended = batch.Try(Sys.mq_notify, d.Fd, 0);
            var seen = batch.Try(Sys.recvfrom, notice.Signal, cookie, Marshal.SizeOf<NoticeCookie>(), DontWait, 0, 0);
            var again = batch.In(new SigEvent { Signal = notice.Signal, Notify = notice.Notify });
            batch.Pointer(again, cookie);
            var registered = batch.Try(Sys.mq_notify, d.Fd, again);
            return b =>
            {
                Require(b, ended, d, "ending the registration");
                Require(b, seen, d, "reading its netlink socket");
                Require(b, registered, d, "registering again");
                return RecordOf(notice, 0, b.Read<NoticeCookie>(cookie));
            };
        }

        private MessageNoticeRecord RecordOf(LiveNotice notice, ulong value, NoticeCookie cookie) => new((uint)task.VPid, notice.Queue.Fd, notice.Notify, notice.Signal, value, cookie);

        private int SizeOf(Descriptor d)
        {
            using var process = PidFd.Open(d.Pid);
            using var own = process.TryGet(d.Fd, out var errno);
            return own is not null && MessageQueue.Attributes(own) is { } now ? (int)Math.Max(1, now.MessageSize)
                : throw new CrKernelException("CrMessageQueueNotify", $"Task {task}: reading the attributes of {d.Label}", errno) { Pid = task.Pid, Object = d.Label };
        }

        private void Require(SyscallBatch batch, Slot slot, Descriptor d, string what)
        {
            if (batch.ErrnoOf(slot) is not Errno.None and var errno)
                throw new CrKernelException("CrMessageQueueNotify", $"Task {task}: {d.Label}: finding how it waits to be notified of messages (mq_notify): {what}", errno, "Let the program end the notification first.") { Pid = task.Pid, Object = d.Label };
        }
    }
}
