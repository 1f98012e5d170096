using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.ProcessState;

/// <summary>Merging of equal pages, the table of futexes, and permissions for large processor state, of a task as a whole.</summary>
internal sealed class TaskModesKind : ICapturesTask, IRestoresTask
{
    /// <summary>Linux 6.17.</summary>
    private const int FutexHash = 78, SetSlots = 1, GetSlots = 2;

    /// <summary>ARCH_GET_XCOMP_PERM, ARCH_REQ_XCOMP_PERM (Linux 5.16); tiles of AMX are the only component that is asked for.</summary>
    private const int GetPermissions = 0x1022, RequestPermission = 0x1023, Tiles = 18;

    public IEnumerable<RecordType> Records { get; } =
        [new(ProcessRecordIds.TaskModes, "TASK_MODES", TaskModesRecord.Read, TaskModesRecord.PayloadSize)];

    /// <summary>Its threads do not exist yet: they inherit the permissions.</summary>
    public RestoreStage Stage => RestoreStage.State;

    public bool StepComesFirst => false;

    public Action<RecordSink> Capture(CaptureContext context, FrozenTask task, SyscallBatch batch)
    {
        var merge = batch.Try(Sys.prctl, (int)PrctlOption.GetMemoryMerge, 0, 0, 0, 0);
        var slots = batch.Try(Sys.prctl, FutexHash, GetSlots, 0, 0, 0);
        var permissions = batch.Out(8);
        batch.Try(Sys.arch_prctl, GetPermissions, permissions);
        return sink =>
        {
            // Kernels that lack one of them have nothing to keep.
            var record = new TaskModesRecord(task.VPid, batch.Result(merge) == 1, (uint)Math.Max(0, batch.Result(slots)), batch.Read<ulong>(permissions) & 1ul << Tiles);
            if (record.MergesMemory || record.FutexSlots != 0 || record.StatePermissions != 0)
                sink.Emit(record);
        };
    }

    public Action? Restore(RestoreContext context, RestoringTask task, SyscallBatch batch)
    {
        if (task.Image.Get<TaskModesRecord>() is not { } saved)
            return null;
        var merge = saved.MergesMemory ? batch.Try(Sys.prctl, (int)PrctlOption.SetMemoryMerge, 1, 0, 0, 0) : (Slot?)null;
        var tiles = saved.StatePermissions != 0 ? batch.Try(Sys.arch_prctl, RequestPermission, Tiles) : (Slot?)null;
        return () =>
        {
            Tell(merge, "PR_SET_MEMORY_MERGE", "Use a kernel with CONFIG_KSM.");
            Tell(tiles, "permission for the tiles of AMX", "Use a processor that has them.");
        };

        void Tell(Slot? call, string what, string advice)
        {
            if (call is { } slot && batch.ErrnoOf(slot) is not Errno.None and var errno)
                context.Warn(task, "CrTaskModeLost", what, $"it could not be set again ({errno}: {errno.Describe()})", advice);
        }
    }

    /// <summary>
    /// The kernel makes a table by itself when a task gets its second thread, as large as it thinks fit: only one of another
    /// size was asked for.
    /// </summary>
    internal sealed class FutexTables : IRestoresThread
    {
        public IEnumerable<RecordType> Records => [];

        public RestoreStage ThreadStage => RestoreStage.Threads;

        public Action? Restore(RestoreContext context, RestoringThread thread, SyscallBatch batch)
        {
            if (!thread.Image.IsLeader || thread.Task.Image.Get<TaskModesRecord>() is not { FutexSlots: not 0 and var slots })
                return null;
            var now = batch.Try(Sys.prctl, FutexHash, GetSlots, 0, 0, 0);
            return () =>
            {
                if (batch.Result(now) == slots)
                    return;
                var own = new SyscallBatch();
                var set = own.Try(Sys.prctl, FutexHash, SetSlots, slots, 0, 0);
                thread.Remote.Run(own);
                if (own.ErrnoOf(set) is not Errno.None and var errno)
                    context.Warn(thread.Task, "CrTaskModeLost", "PR_FUTEX_HASH", $"its table of {slots} futexes could not be made again ({errno}: {errno.Describe()})");
            };
        }
    }
}
