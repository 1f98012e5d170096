namespace CrCore.Kernel;

/// <summary>The POSIX message queues of the calling thread's IPC namespace, open or not, by the file system that shows them (mq_overview(7)).</summary>
public static unsafe class MessageQueueFiles
{
    private const int CreateCommand = 6, CloseOnExec = 1;

    /// <summary>Their names, without a slash.</summary>
    /// <exception cref="CrKernelException">EPERM: it takes CAP_SYS_ADMIN.</exception>
    public static List<string> Names()
    {
        var names = new List<string>();
        long context, mounted;
        fixed (byte* type = "mqueue\0"u8)
            context = Libc.Syscall(Sys.fsopen, (long)type, CloseOnExec);
        // A kernel without them.
        if (Libc.ErrnoOf(context) == Errno.ENODEV)
            return names;
        Demand(context, "Opening the file system of message queues");
        using (var owned = OwnDescriptor.Adopt(context))
        {
            Demand(Libc.Syscall(Sys.fsconfig, context, CreateCommand), "Looking for the file system of message queues");
            mounted = Libc.Syscall(Sys.fsmount, context, CloseOnExec);
            Demand(mounted, "Mounting the file system of message queues");
        }
        // It hangs nowhere but on this descriptor, and is gone with it.
        using var mount = OwnDescriptor.Adopt(mounted);
        foreach (var path in Directory.EnumerateFiles($"/proc/self/fd/{mounted}"))
            names.Add(Path.GetFileName(path));
        return names;
    }

    /// <summary>Takes all messages out of a queue and puts them back, in their order; nobody else may use it meanwhile.</summary>
    /// <param name="name">With its slash, as mq_open(3) takes it.</param>
    /// <returns>Priority and bytes of each.</returns>
    public static List<(uint Priority, byte[] Bytes)> Copy(string name, int size)
    {
        using var queue = MessageQueue.Open(name, out var errno, FileNative.O_RDWR | FileNative.O_NONBLOCK) ?? throw KernelError.Create("CrSystemVFailed", $"Opening the message queue {name}", errno, on: name);
        var messages = new List<(uint, byte[])>();
        var buffer = new byte[Math.Max(1, size)];
        long r;
        fixed (byte* p = buffer)
        {
            uint priority;
            while ((r = Libc.Syscall(Sys.mq_timedreceive, queue.Number, (long)p, buffer.Length, (long)&priority, 0)) >= 0)
                messages.Add((priority, buffer.AsSpan(0, (int)r).ToArray()));
        }
        foreach (var (priority, bytes) in messages)
            fixed (byte* p = bytes.Length == 0 ? buffer : bytes)
                Demand(Libc.Syscall(Sys.mq_timedsend, queue.Number, (long)p, bytes.Length, priority, 0), $"Putting a message back into the queue {name}");
        return Libc.ErrnoOf(r) == Errno.EAGAIN ? messages : throw KernelError.Create("CrSystemVFailed", $"Reading the message queue {name}", Libc.ErrnoOf(r), on: name);
    }

    private static void Demand(long result, string what)
    {
        if (result < 0)
            throw KernelError.Create("CrSystemVFailed", what, Libc.ErrnoOf(result), advice: "Run with CAP_SYS_ADMIN.");
    }
}
