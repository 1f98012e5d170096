using System.Buffers.Binary;
using CrCore.Checkpoint;
using CrCore.Kernel;
using CrCore.Remote;

namespace CrCore.Objects.Ipc;

/// <summary>
/// How many System V objects an IPC namespace holds. Only a task inside of it can ask (shmctl(2), semctl(2), msgctl(2)).
/// </summary>
internal sealed class IpcContents
{
    private const int ShmInfo = 14, SemInfo = 19, MsgInfo = 12, Size = 128;

    /// <summary>Offsets of shm_info.used_ids, seminfo.semusz (sets in use) and msginfo.msgpool (queues in use).</summary>
    private const int ShmAt = 0, SemAt = 7 * 4, MsgAt = 0;

    private readonly (string What, Slot Call, RemoteBuffer Answer, int At)[] _questions;

    private IpcContents(params (string, Slot, RemoteBuffer, int)[] questions) => _questions = questions;

    public static IpcContents Read(SyscallBatch batch)
    {
        RemoteBuffer shm = batch.Out(Size), sem = batch.Out(Size), msg = batch.Out(Size);
        // A kernel without System V IPC has none to save (ENOSYS).
        return new IpcContents(
            ("shared memory segments", batch.Try(Sys.shmctl, 0, ShmInfo, shm), shm, ShmAt),
            ("semaphore sets", batch.Try(Sys.semctl, 0, 0, SemInfo, sem), sem, SemAt),
            ("message queues", batch.Try(Sys.msgctl, 0, MsgInfo, msg), msg, MsgAt));
    }

    /// <exception cref="CrPreflightException">The namespace holds what is not saved.</exception>
    public void RequireEmpty(SyscallBatch batch, FrozenTask root)
    {
        var found = new List<Obstacle>();
        foreach (var (what, call, answer, at) in _questions)
            if (batch.ErrnoOf(call) == Errno.None && BinaryPrimitives.ReadInt32LittleEndian(batch.Bytes(answer)[at..]) is var n and > 0)
                found.Add(new("CrIpcNotSaved", CrErrorKind.NotSupported, ObstacleSeverity.Error, root.Pid, root.Comm, "IPC namespace",
                    $"it holds System V {what} ({n}), and this program may not enter it to save them", "Run as root (CAP_SYS_ADMIN), or remove them (ipcrm) if the program can do without."));
        if (found.Count > 0)
            throw new CrPreflightException("CrCheckpointObstacles", found);
    }
}
