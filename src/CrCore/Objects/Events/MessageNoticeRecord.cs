using System.Runtime.InteropServices;
using CrCore.Image;

namespace CrCore.Objects.Events;

/// <summary>MESSAGE_NOTICE (354), parent: task: it waits to be notified of the next message in a POSIX queue (mq_notify(3)).</summary>
/// <param name="VPid">The task.</param>
/// <param name="Fd">One of its descriptors onto the queue.</param>
/// <param name="Notify">SIGEV_SIGNAL 0, SIGEV_NONE 1, SIGEV_THREAD 2.</param>
/// <param name="Signal">Of SIGEV_SIGNAL; of SIGEV_THREAD the netlink socket on which the C library waits.</param>
/// <param name="Value">What comes with the signal.</param>
/// <param name="Cookie">What comes through the socket.</param>
public sealed record MessageNoticeRecord(uint VPid, int Fd, int Notify, int Signal, ulong Value, NoticeCookie Cookie) : ICrRecord
{
    internal const int BySignal = 0, ByNothing = 1, BySocket = 2;
    internal const int PayloadSize = 56;

    private const int LastSignal = 64;

    /// <inheritdoc/>
    public short Type => EventRecordIds.MessageNotice;

    /// <inheritdoc/>
    public uint Parent => VPid;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.I32(Fd);
        w.I32(Notify);
        w.I32(Signal);
        w.U32(0);
        w.U64(Value);
        w.U64(Cookie.A);
        w.U64(Cookie.B);
        w.U64(Cookie.C);
        w.U64(Cookie.D);
    }

    internal static MessageNoticeRecord Read(uint parent, ref FieldReader r)
    {
        var (fd, notify, signal) = (r.I32(), r.I32(), r.I32());
        r.U32();
        var record = new MessageNoticeRecord(parent, fd, notify, signal, r.U64(), new(r.U64(), r.U64(), r.U64(), r.U64()));
        return fd >= 0 && signal >= 0 && notify is BySignal or ByNothing or BySocket && (notify != BySignal || signal <= LastSignal) ? record
            : throw r.Bad($"a notice of messages by descriptor {fd} is of the kind {notify} with signal or socket {signal}");
    }
}

/// <summary>NOTIFY_COOKIE_LEN bytes of linux/mqueue.h: what glibc gives the kernel for SIGEV_THREAD, and gets back with the notice.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct NoticeCookie(ulong A, ulong B, ulong C, ulong D);
