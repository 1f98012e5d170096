using System.Runtime.InteropServices;

namespace CrCore.Kernel;

/// <summary>struct semid64_ds of semctl(2).</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SemaphoreSetStatus
{
    public int Key;
    public uint Uid, Gid, CreatorUid, CreatorGid;
    /// <summary>Permissions.</summary>
    public uint Mode;
    private readonly ulong _sequence, _unused1, _unused2;
    public long OperationTime;
    private readonly ulong _unused3;
    public long ChangeTime;
    private readonly ulong _unused4;
    /// <summary>Semaphores in the set.</summary>
    public ulong Count;
    private readonly ulong _unused5, _unused6;
}

/// <summary>struct msqid64_ds of msgctl(2).</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SystemVQueueStatus
{
    public int Key;
    public uint Uid, Gid, CreatorUid, CreatorGid;
    /// <summary>Permissions.</summary>
    public uint Mode;
    private readonly ulong _sequence, _unused1, _unused2;
    public long SendTime, ReceiveTime, ChangeTime;
    public ulong Bytes;
    public ulong Messages;
    /// <summary>Bytes that it may hold.</summary>
    public ulong MaxBytes;
    public int LastSender, LastReceiver;
    private readonly ulong _unused4, _unused5;
}

/// <summary>
/// Looks at the System V objects of the calling thread's IPC namespace (sysvipc(7)), without changing any. Who lacks a right to
/// one learns of it by EACCES.
/// </summary>
public static unsafe class SystemVObjects
{
    private const int ShmStat = 13, ShmInfo = 14, SemGetPid = 11, SemGetAll = 13, SemStat = 18, SemStatAny = 20, SemInfo = 19, MsgStat = 11, MsgInfo = 12;
    private const int InfoSize = 128;
    private const int MsgCopy = 0x4000, MsgNoError = 0x1000, IpcNoWait = 0x800;

    public static List<(int Id, SystemVSegmentStatus Status)> Segments() => List<SystemVSegmentStatus>(Sys.shmctl, "shared memory segments", ShmInfo, ShmStat);

    public static List<(int Id, SemaphoreSetStatus Status)> SemaphoreSets() => List<SemaphoreSetStatus>(Sys.semctl, "semaphore sets", SemInfo, SemStat);

    public static List<(int Id, SystemVQueueStatus Status)> MessageQueues() => List<SystemVQueueStatus>(Sys.msgctl, "message queues", MsgInfo, MsgStat);

    /// <summary>Number and size of each set, also of those that may not be looked at (SEM_STAT_ANY, Linux 4.17).</summary>
    public static List<(int Id, SemaphoreSetStatus Status)> AnySemaphoreSets() => List<SemaphoreSetStatus>(Sys.semctl, "semaphore sets", SemInfo, SemStatAny);

    /// <summary>The values of a set.</summary>
    /// <exception cref="CrKernelException">EACCES: this process may not read them.</exception>
    public static ushort[] SemaphoreValues(int id, int count)
    {
        Demand(-(long)TryReadValues(id, count, out var values), "semaphore set", id);
        return values;
    }

    public static Errno TryReadValues(int id, int count, out ushort[] values)
    {
        values = new ushort[count];
        fixed (ushort* p = values)
            return Libc.ErrnoOf(Control(Sys.semctl, id, SemGetAll, (long)p));
    }

    /// <summary>The last process that changed a semaphore, as this process sees it; 0 for none.</summary>
    public static int SemaphorePid(int id, int number)
    {
        var r = Libc.Syscall(Sys.semctl, id, number, SemGetPid, 0);
        Demand(r, "semaphore set", id);
        return (int)r;
    }

    /// <summary>A copy of a message, which stays where it is (MSG_COPY of msgrcv(2)).</summary>
    /// <param name="index">Its place in the queue.</param>
    /// <param name="buffer">For its type and its bytes.</param>
    /// <returns>Its bytes without the type, or −errno: ENOMSG behind the last one, EINVAL for one longer than kernel.msgmax is now.</returns>
    public static long PeekMessage(int id, int index, Span<byte> buffer, out long type)
    {
        fixed (byte* p = buffer)
        {
            var r = Libc.Syscall(Sys.msgrcv, id, (long)p, buffer.Length - sizeof(long), index, MsgCopy | MsgNoError | IpcNoWait);
            type = r >= 0 ? *(long*)p : 0;
            return r;
        }
    }

    /// <summary>Opens the memory of a segment, attached for a moment, which its times tell (CAP_CHECKPOINT_RESTORE for map_files).</summary>
    public static OwnDescriptor? OpenSegment(int id, ulong size, out Errno errno)
    {
        var address = Libc.Syscall(Sys.shmat, id, 0, SystemVMemory.ReadOnly);
        errno = Libc.ErrnoOf(address);
        if (errno != Errno.None)
            return null;
        try
        {
            // Up to the end of its last page, of whatever size.
            foreach (var shift in (ReadOnlySpan<int>)[12, 21, 30])
            {
                var end = (address + (long)size + (1L << shift) - 1) & -(1L << shift);
                if (OwnDescriptor.Open($"/proc/self/map_files/{address:x}-{end:x}", FileNative.O_RDONLY, out errno) is { } file)
                    return file;
                if (errno != Errno.ENOENT)
                    break;
            }
            return null;
        }
        finally
        {
            Libc.Syscall(Sys.shmdt, address);
        }
    }

    /// <summary>By their places in the kernel's table, of which it tells the last in use. A kernel without System V IPC has none.</summary>
    private static List<(int Id, T Status)> List<T>(Sys call, string what, int info, int stat) where T : unmanaged
    {
        var found = new List<(int, T)>();
        var numbers = stackalloc byte[InfoSize];
        var last = Control(call, 0, info, (long)numbers);
        if (Libc.ErrnoOf(last) == Errno.ENOSYS)
            return found;
        if (last < 0)
            throw KernelError.Create("CrSystemVFailed", $"Counting the {what} failed", Libc.ErrnoOf(last));
        for (var i = 0; i <= last; i++)
        {
            T status;
            var id = Control(call, i, stat, (long)&status);
            // Nothing has that place, or it has just been removed.
            if (Libc.ErrnoOf(id) is Errno.EINVAL or Errno.EIDRM)
                continue;
            if (id < 0)
                throw KernelError.Create("CrSystemVFailed", $"Looking at the {what} failed at place {i}", Libc.ErrnoOf(id), advice: "Run with CAP_IPC_OWNER.");
            found.Add(((int)id, status));
        }
        return found;
    }

    private static long Control(Sys call, int id, int command, long buffer)
        => call == Sys.semctl ? Libc.Syscall(call, id, 0, command, buffer) : Libc.Syscall(call, id, command, buffer);

    private static void Demand(long result, string what, int id)
    {
        if (result < 0)
            throw KernelError.Create("CrSystemVFailed", $"Reading the {what} {id} failed", Libc.ErrnoOf(result), on: $"{what} {id}");
    }
}
