using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace CrCore.Kernel;

/// <summary>struct shmid_ds of shmctl(2), as far as its last count.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SystemVSegmentStatus
{
    public int Key;
    public uint Uid, Gid, CreatorUid, CreatorGid;
    /// <summary>Permissions, and <see cref="SystemVMemory.Removed"/> and <see cref="SystemVMemory.Locked"/>.</summary>
    public uint Mode;
    private readonly ulong _sequence, _unused1, _unused2;
    public ulong Size;
    public long AttachTime, DetachTime, ChangeTime;
    public int CreatorPid, LastPid;
    /// <summary>Mappings of it, in all tasks.</summary>
    public ulong Attached;
    private readonly ulong _unused4, _unused5;
}

/// <summary>System V shared memory (sysvipc(7)) of this process's IPC namespace.</summary>
public static unsafe class SystemVMemory
{
    /// <summary>SHM_DEST and SHM_LOCKED of include/linux/shm.h.</summary>
    public const uint Removed = 0x200, Locked = 0x400;

    /// <summary>SHM_RDONLY and SHM_REMAP of shmat(2).</summary>
    public const int ReadOnly = 0x1000, Remap = 0x4000;

    private const int IpcRemove = 0, IpcSet = 1, IpcStat = 2, IpcCreate = 0x200, IpcExclusive = 0x400;
    public const int LockCommand = 11;

    private const int MostTries = 50;

    private const int PrGetDumpable = 3, PrSetDumpable = 4;

    public static Errno Stat(int id, out SystemVSegmentStatus status)
    {
        fixed (SystemVSegmentStatus* p = &status)
            return Libc.ErrnoOf(Libc.Syscall(Sys.shmctl, id, IpcStat, (long)p));
    }

    /// <summary>Whether a segment has a key, also one that may not be looked at.</summary>
    public static bool HasKey(int key) => key != 0 && Libc.ErrnoOf(Libc.Syscall(Sys.shmget, key, 0, 0)) != Errno.ENOENT;

    public static Errno SetOwner(int id, uint uid, uint gid, uint mode)
    {
        var status = new SystemVSegmentStatus { Uid = uid, Gid = gid, Mode = mode };
        return Libc.ErrnoOf(Libc.Syscall(Sys.shmctl, id, IpcSet, (long)(&status)));
    }

    /// <summary>SHM_LOCK: it takes CAP_IPC_LOCK, or room within RLIMIT_MEMLOCK.</summary>
    public static Errno Lock(int id) => Libc.ErrnoOf(Libc.Syscall(Sys.shmctl, id, LockCommand, 0));

    public static Errno Remove(int id) => Libc.ErrnoOf(Libc.Syscall(Sys.shmctl, id, IpcRemove, 0));

    /// <summary>
    /// Makes a segment, with the given number where that is free (kernel.shm_next_id of sysctl(2), which takes CAP_CHECKPOINT_RESTORE).
    /// Its creator is who the calling thread is (ipc_addid in ipc/util.c), which cannot be changed later: a thread of its own is that one
    /// for the call. Its ids alone change, not the process's; what is marked as not dumpable by that is marked as before again.
    /// </summary>
    /// <param name="pages">SHM_HUGETLB and the size of its pages, or 0.</param>
    /// <remarks>
    /// The setting is one for the whole namespace: another program (a second restore, say) may set it in between, or make a segment that
    /// takes the number. In the first case the number is free, and is asked for again.
    /// </remarks>
    /// <returns>The number it has got, or −errno.</returns>
    public static long Create(int key, ulong size, uint mode, int pages, int wanted, uint creatorUid, uint creatorGid)
    {
        for (var attempt = 1; ; attempt++)
        {
            var id = TryCreate(key, size, mode, pages, wanted, creatorUid, creatorGid);
            if (id < 0 || id == wanted || attempt == MostTries || Stat(wanted, out _) != Errno.EINVAL)
                return id;
            if (Remove((int)id) is not Errno.None and var errno)
                return -(long)errno;
            // Two that are in each other's way must not go on in step.
            Thread.Sleep(Random.Shared.Next(3));
        }
    }

    private static long TryCreate(int key, ulong size, uint mode, int pages, int wanted, uint creatorUid, uint creatorGid)
    {
        using (var next = OwnDescriptor.Open("/proc/sys/kernel/shm_next_id", FileNative.O_WRONLY, out var errno))
        {
            if (next is null)
                return -(long)errno;
            if (next.Write(Encoding.ASCII.GetBytes(wanted.ToString(CultureInfo.InvariantCulture))) is < 0 and var failed)
                return failed;
        }
        long result = 0;
        var thread = new Thread(() =>
        {
            var dumpable = Libc.Syscall(Sys.prctl, PrGetDumpable, 0, 0, 0, 0);
            result = Libc.Syscall(Sys.setresgid, -1, creatorGid, -1);
            if (result >= 0)
                result = Libc.Syscall(Sys.setresuid, -1, creatorUid, -1);
            if (result >= 0)
                result = Libc.Syscall(Sys.shmget, key, (long)size, IpcCreate | IpcExclusive | pages | (int)(mode & 0x1ff));
            if (dumpable is 0 or 1)
                Libc.Syscall(Sys.prctl, PrSetDumpable, dumpable, 0, 0, 0);
        });
        thread.Start();
        thread.Join();
        return result;
    }
}
