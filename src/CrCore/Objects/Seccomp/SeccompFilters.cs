using System.Buffers.Binary;
using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Seccomp;

/// <summary>The filters of a thread: read as they were installed, and installed again.</summary>
internal static class SeccompFilters
{
    private const int SetModeFilter = 1;

    /// <summary>SECCOMP_FILTER_FLAG_*. What a filter does to speculation is saved with the thread's settings, so that it need not do it again.</summary>
    private const uint Synchronize = 1, Log = 2, AllowSpeculation = 4;

    /// <summary>BPF_RET | BPF_K, and SECCOMP_RET_USER_NOTIF as its value.</summary>
    private const ushort ReturnConstant = 0x06;

    private const uint ActionMask = 0xffff0000, UserNotification = 0x7fc00000;

    /// <summary>The filters of a stopped thread, the oldest first (get_nth_filter in kernel/seccomp.c counts from there).</summary>
    public static List<SeccompFilterRecord> Read(FrozenThread thread)
    {
        var found = new List<SeccompFilterRecord>();
        while (true)
        {
            var count = Ptrace.GetSeccompFilter(thread.Tid, found.Count, []);
            if (Libc.ErrnoOf(count) == Errno.ENOENT)
                return found;
            if (count <= 0)
                throw Unreadable(thread, found.Count, Libc.ErrnoOf(count));
            var instructions = new byte[count * SeccompFilterRecord.InstructionSize];
            var again = Ptrace.GetSeccompFilter(thread.Tid, found.Count, instructions);
            if (again != count)
                throw Unreadable(thread, found.Count, Libc.ErrnoOf(again));
            var e = Ptrace.GetSeccompFlags(thread.Tid, found.Count, out var flags);
            if (e != Errno.None)
                throw Unreadable(thread, found.Count, e);
            RequireNoSupervisor(thread, instructions, found.Count);
            found.Add(new SeccompFilterRecord(0, (uint)flags, instructions));
        }
    }

    /// <summary>A filter that asks a supervisor (seccomp_unotify(2)) is nothing without that one's descriptor, which cannot be made for a filter that stands.</summary>
    private static void RequireNoSupervisor(FrozenThread thread, ReadOnlySpan<byte> instructions, int index)
    {
        for (var i = 0; i < instructions.Length; i += SeccompFilterRecord.InstructionSize)
            if (BinaryPrimitives.ReadUInt16LittleEndian(instructions[i..]) == ReturnConstant
                && (BinaryPrimitives.ReadUInt32LittleEndian(instructions[(i + 4)..]) & ActionMask) == UserNotification)
                throw new CrPreflightException("CrCheckpointObstacles",
                    [new("CrSeccompSupervisor", CrErrorKind.NotSupported, ObstacleSeverity.Error, thread.Pid, "", $"seccomp filter {index} of thread {thread.Tid}",
                        "it hands calls to a supervising process (SECCOMP_RET_USER_NOTIF), which is not saved", "Start the program without the supervisor (a container manager, a sandbox).")]);
    }

    private static CrKernelException Unreadable(FrozenThread thread, int index, Errno errno)
        => new("CrSeccompUnreadable", $"Task {thread.Tid}: reading seccomp filter {index}", errno,
            "Needs CAP_SYS_ADMIN, a kernel with CONFIG_CHECKPOINT_RESTORE, and a program that is not filtered itself.") { Pid = thread.Tid };

    /// <summary>
    /// How many filters, from the oldest on, all threads of a task have. They are installed once for all, so that they are
    /// the same filters to the kernel: a later SECCOMP_FILTER_FLAG_TSYNC insists on that (seccomp_can_sync_threads).
    /// 0 for a task of one thread.
    /// </summary>
    public static int CommonCount(TaskImage task)
    {
        if (task.Threads.Count < 2)
            return 0;
        IReadOnlyList<uint>? first = null;
        var common = 0;
        foreach (var thread in task.Threads)
        {
            if (thread.Get<SeccompRecord>() is not { Mode: SeccompRecord.Filtered } saved)
                return 0;
            if (first is null)
                (first, common) = (saved.Filters, saved.Filters.Count);
            common = Math.Min(common, saved.Filters.Count);
            for (var i = 0; i < common; i++)
                if (saved.Filters[i] != first[i])
                    common = i;
        }
        return common;
    }

    /// <summary>Installs some of a thread's filters, in calls of its own: they may be larger than a shared batch has room for.</summary>
    public static void Install(RestoreContext context, RestoringThread thread, SeccompRecord saved, int start, int end, bool synchronize)
    {
        var batch = new SyscallBatch();
        Span<byte> head = stackalloc byte[16];
        for (var i = start; i < end; i++)
        {
            var filter = context.Image.Object<SeccompFilterRecord>(saved.Filters[i]);
            // struct sock_fprog: u16 len, and behind padding the pointer.
            head.Clear();
            BinaryPrimitives.WriteUInt16LittleEndian(head, (ushort)filter.Count);
            var program = batch.In(head);
            batch.Pointer(program.Skip(8), batch.In(filter.Instructions.Span));
            batch.Must("install seccomp filter", i, Sys.seccomp, SetModeFilter, (filter.Flags & Log) | AllowSpeculation | (synchronize ? Synchronize : 0), program);
            thread.Remote.Run(batch);
            batch.Reset();
        }
    }

    /// <exception cref="CrImageException">The record names filters that are not there.</exception>
    public static void Check(CheckContext context, ThreadImage thread, SeccompRecord saved)
    {
        if (saved.Mode is not (SeccompRecord.Strict or SeccompRecord.Filtered))
            context.Refuse(thread.Task, "CrSeccompMode", $"thread {thread.VTid}", $"its seccomp mode {saved.Mode} is unknown", "Restore with the program that wrote the image, or a newer one.");
        foreach (var f in saved.Filters)
            context.Image.Object<SeccompFilterRecord>(f);
    }
}
