using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Memory;

/// <summary>
/// Whether new mappings are locked. The kernel shows it nowhere, so that the task maps a page and looks: one that is locked
/// cannot be given up (madvise_dontneed in mm/madvise.c), and is there at once unless it is locked at its first touch.
/// </summary>
internal sealed class FutureLocksKind : ICapturesTask, IRestoresTask
{
    private const int PageSize = 4096, ReadWrite = 3, PrivateAnonymous = 0x22, DontNeed = 4;
    private const int MclFuture = 2, MclOnFault = 4;

    public IEnumerable<RecordType> Records { get; } = [new(MemoryIds.FutureLocks, "FUTURE_LOCKS", FutureLocksRecord.Read, FutureLocksRecord.PayloadSize)];

    /// <summary>Nothing is mapped for the restore any more; the right to lock is still there.</summary>
    public RestoreStage Stage => RestoreStage.Privileges;

    public bool StepComesFirst => false;

    public Action<RecordSink>? Capture(CaptureContext context, FrozenTask task, SyscallBatch batch)
    {
        if (task.IsZombie)
            return null;
        var present = batch.Out(sizeof(long));
        var page = batch.Try(Sys.mmap, 0, PageSize, ReadWrite, PrivateAnonymous, -1, 0);
        // Where it could not be mapped, these fail with other errors than the one that is looked for.
        batch.Try(Sys.mincore, page, PageSize, present);
        var given = batch.Try(Sys.madvise, page, PageSize, DontNeed);
        batch.Try(Sys.munmap, page, PageSize);
        return sink =>
        {
            if (batch.ErrnoOf(page) == Errno.None && batch.ErrnoOf(given) == Errno.EINVAL)
                sink.Emit(new FutureLocksRecord(task.VPid, OnFault: (batch.Bytes(present)[0] & 1) == 0));
        };
    }

    public Action? Restore(RestoreContext context, RestoringTask task, SyscallBatch batch)
    {
        if (task.Image.Get<FutureLocksRecord>() is not { } saved)
            return null;
        // Without MCL_CURRENT it touches nothing that is mapped already (apply_mlockall_flags in mm/mlock.c).
        var set = batch.Try(Sys.mlockall, MclFuture | (saved.OnFault ? MclOnFault : 0));
        return () =>
        {
            if (batch.ErrnoOf(set) is var errno && errno != Errno.None)
                context.Warn(task, "CrFutureLocks", "memory", $"what it maps from now on could not be set to be locked ({errno})", "Restore with CAP_IPC_LOCK, or a higher limit of locked memory (ulimit -l).");
        };
    }
}
