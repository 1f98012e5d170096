using System.Runtime.InteropServices;
using CrCore.Image;
using CrCore.Remote;
using CrCore.Kernel;
using CrCore.Restore;

namespace CrCore.Objects.Ipc;

/// <summary>
/// Who changed a semaphore last (sempid of semctl(2)): the task itself changes it once more, up and down at one blow, when nobody else
/// does any more. Of tasks that have ended, and of processes that were not of the tree, it stays the root.
/// </summary>
internal sealed class SemaphorePidsKind : IRestoresTask
{
    public IEnumerable<RecordType> Records => [];

    public RestoreStage Stage => RestoreStage.Threads;

    public Action? Restore(RestoreContext context, RestoringTask task, SyscallBatch batch)
    {
        var own = new SyscallBatch();
        foreach (var set in context.Root.Image.All<SemaphoreSetRecord>())
            for (var i = 0; i < set.Semaphores.Count; i++)
            {
                if (set.Semaphores[i].Pid != task.VPid)
                    continue;
                // The value may not leave its range on the way.
                short up = set.Semaphores[i].Value == SemaphoreSetRecord.MaxValue ? (short)-1 : (short)1;
                ReadOnlySpan<SemaphoreOperation> twice = [new((ushort)i, up, SemaphoreOperation.NoWait), new((ushort)i, (short)-up, SemaphoreOperation.NoWait)];
                own.Must("being the last to change", set, Sys.semop, set.Name.Id, own.In(MemoryMarshal.AsBytes(twice)), twice.Length);
                if (own.ArenaBytes > task.Remote.ArenaSize / 2)
                {
                    task.Remote.Run(own);
                    own.Reset();
                }
            }
        return own.IsEmpty ? null : () => task.Remote.Run(own);
    }
}
