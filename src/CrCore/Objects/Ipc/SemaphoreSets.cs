using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Ipc;

/// <summary>Makes the semaphore sets of a new IPC namespace, in the root's puppet.</summary>
internal static class SemaphoreSets
{
    private const int SetValue = 16;

    /// <summary>struct semid64_ds: the owner's ids at 4, permissions at 20.</summary>
    private const int StatusSize = 104;

    public static void Make(RestoringTask task)
    {
        var batch = new SyscallBatch();
        foreach (var set in task.Image.All<SemaphoreSetRecord>())
        {
            var made = SystemVCreation.SemaphoreSet.Make(batch, set, set.Name, (ulong)set.Semaphores.Count);
            task.Remote.Run(batch);
            SystemVCreation.Demand(batch, made, set, set.Name);
            batch.Reset();
            for (var i = 0; i < set.Semaphores.Count; i++)
            {
                // One that nobody has touched yet has no last process; setting it would make it this one.
                if (set.Semaphores[i] != default)
                    batch.Must("setting a value of", set, Sys.semctl, set.Name.Id, i, SetValue, (int)set.Semaphores[i].Value);
                if (batch.ArenaBytes > task.Remote.ArenaSize / 2)
                    Run(task, batch);
            }
            batch.Must("giving an owner to", set, Sys.semctl, set.Name.Id, 0, SystemVCreation.IpcSet, batch.In(Status(set.Name, StatusSize)));
            Run(task, batch);
        }
    }

    /// <summary>What IPC_SET reads of struct ipc64_perm: key, uid, gid, cuid, cgid, mode; 4 bytes each.</summary>
    internal static byte[] Status(in SystemVName name, int size)
    {
        var status = new byte[size];
        BitConverter.TryWriteBytes(status.AsSpan(4), name.Uid);
        BitConverter.TryWriteBytes(status.AsSpan(8), name.Gid);
        BitConverter.TryWriteBytes(status.AsSpan(20), name.Mode);
        return status;
    }

    private static void Run(RestoringTask task, SyscallBatch batch)
    {
        task.Remote.Run(batch);
        batch.Reset();
    }
}
