using System.Runtime.InteropServices;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Credentials;
using CrCore.Objects.Files;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Locks;

/// <summary>
/// Takes leases once nothing opens files any more, which would break them, and before owners of descriptions are set: who
/// takes a lease becomes the owner where there is none (lease_setup in fs/locks.c), and must not be signalled for what
/// happens here. Their records are <see cref="FileLocksKind"/>'s.
/// </summary>
internal sealed class LeasesKind : IRestoresTask
{
    private const int FSetOwnerEx = 15, FSetLease = 1024;

    public IEnumerable<RecordType> Records => [];

    public RestoreStage Stage => RestoreStage.State;

    public Action? Restore(RestoreContext context, RestoringTask task, SyscallBatch batch)
    {
        if (task.IsZombie)
            return null;
        foreach (var held in LockPlan.Of(context).Of(task.Image))
            if (held.Kind == FileLockKind.Lease)
                Take(context, task, held);
        return null;
    }

    private static void Take(RestoreContext context, RestoringTask task, FileLockRecord held)
    {
        var flags = StatusFlags(context, task, held.Fd);
        // A lease that is to become a reader's was a writer's. One that is to go may have been either, and nobody can
        // tell any more (fcntl_getlease): a reader's can only be where the description cannot write.
        var type = !held.IsBreaking ? held.LockType
            : held.LockType == FileLockType.Read || OpenFlags.CanWrite(flags) ? FileLockType.Write : FileLockType.Read;
        var batch = new SyscallBatch();
        // As the file's owner, who the task was: a user namespace's own rights do not count here (CAP_LEASE, generic_setlease in fs/locks.c).
        var becomes = context.InUserNamespace && task.Image.Threads is [var leader, ..] && leader.Get<CredentialsRecord>() is { } saved ? saved.Uid.FileSystem : uint.MaxValue;
        var before = batch.Try(Sys.setfsuid, becomes);
        var taken = batch.Try(Sys.fcntl, held.Fd, FSetLease, (int)type);
        batch.Try(Sys.setfsuid, before);
        DumpableFlag.Regain(batch);
        task.Remote.Run(batch);
        FileLocksKind.Require(task, held, batch.ErrnoOf(taken));
        batch.Reset();
        Span<int> nobody = [1, 0];
        batch.Must("clear the owner", $"descriptor {held.Fd}", Sys.fcntl, held.Fd, FSetOwnerEx, batch.In(MemoryMarshal.AsBytes(nobody)));
        if (!held.IsBreaking)
        {
            task.Remote.Run(batch);
            return;
        }
        // To open it again against the lease is what breaks it: to read for a reader's rest, to write for none.
        var how = held.LockType == FileLockType.Read ? OpenFlags.ReadOnly : OpenFlags.WriteOnly;
        var opened = batch.Try(Sys.openat, FileNative.AT_FDCWD, batch.Text($"/proc/self/fd/{held.Fd}"), how | OpenFlags.NonBlock | OpenFlags.CloseOnExec);
        task.Remote.Run(batch);
        var errno = batch.ErrnoOf(opened);
        if (errno == Errno.EAGAIN)
            return;
        throw new CrKernelException("CrLeaseFailed", $"Task {task}: breaking the lease of descriptor {held.Fd}, as it was when it was saved", errno == Errno.None ? Errno.EINVAL : errno)
        { Pid = task.VPid, Object = $"descriptor {held.Fd}" };
    }

    private static uint StatusFlags(RestoreContext context, RestoringTask task, int fd)
    {
        var files = DescriptorServer.Of(context).Files;
        foreach (var entry in files.TableOf(task.Image)!.Entries)
            if (entry.Fd == fd)
                return files.Description(entry.Description).Data.Flags;
        return 0;
    }
}
