using System.Globalization;
using System.Text;
using CrCore.Objects.Files;

namespace CrCore.Kernel;

/// <summary>struct mq_attr of include/uapi/linux/mqueue.h, without its flags.</summary>
public readonly record struct MessageQueueAttributes(long MaxMessages, long MessageSize, long Messages);

/// <summary>Calls on POSIX message queues (mq_overview(7)) that take nothing out of them.</summary>
public static unsafe class MessageQueue
{
    public static MessageQueueAttributes? Attributes(OwnDescriptor queue)
    {
        var now = stackalloc long[8];
        return Libc.Syscall(Sys.mq_getsetattr, queue.Number, 0, (long)now) < 0 ? null : new(now[1], now[2], now[3]);
    }

    /// <summary>Opens a queue of this process's IPC namespace, to ask.</summary>
    /// <param name="name">With its slash, as mq_open(3) takes it.</param>
    public static OwnDescriptor? Open(string name, out Errno errno, int flags = FileNative.O_RDONLY)
    {
        long r;
        fixed (byte* p = FileStatus.PathBytes(name[1..]))
            r = Libc.Syscall(Sys.mq_open, (long)p, flags | FileNative.O_CLOEXEC, 0, 0);
        errno = Libc.ErrnoOf(r);
        return r < 0 ? null : OwnDescriptor.Adopt(r);
    }

    /// <summary>Who waits to be notified, and how; nobody where the queue cannot be opened.</summary>
    internal static MessageQueueNotice Notice(Descriptor d)
    {
        using var file = OwnDescriptor.Open($"/proc/{d.Pid}/fd/{d.Fd}", FileNative.O_RDONLY, out _);
        return file is null ? default : Notice(file);
    }

    /// <summary>
    /// The same of a queue that is open here: "QSIZE:0 NOTIFY:0 SIGNO:10 NOTIFY_PID:4711" (mqueue_read_file in ipc/mqueue.c).
    /// </summary>
    public static MessageQueueNotice Notice(OwnDescriptor file)
    {
        var text = new byte[128];
        if (file.ReadAt(text, 0) is not (> 0 and var length))
            return default;
        var line = Encoding.ASCII.GetString(text, 0, (int)length);
        return new(Value(line, "NOTIFY_PID:"), Value(line, "NOTIFY:"), Value(line, "SIGNO:"));
    }

    private static int Value(string line, string key)
        => line.IndexOf(key, StringComparison.Ordinal) is >= 0 and var at
            && int.TryParse(line.AsSpan(at + key.Length).TrimStart().ToString().Split(' ', '\n')[0], CultureInfo.InvariantCulture, out var value) ? value : 0;
}

/// <summary>A registration of mq_notify(2).</summary>
/// <param name="Pid">Who waits, as this process sees it; 0 for nobody.</param>
/// <param name="Notify">SIGEV_*.</param>
/// <param name="Signal">Of SIGEV_SIGNAL.</param>
public readonly record struct MessageQueueNotice(int Pid, int Notify, int Signal);
