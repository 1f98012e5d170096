using System.Buffers.Binary;
using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Locks;

/// <summary>
/// Locks that are held on files: of processes, of open file descriptions, flock(2), and leases. Who waits for one was
/// interrupted in its call and asks again when it runs.
/// </summary>
internal sealed class FileLocksKind : IInspectsTask, ICapturesTask, IChecksImage, IRestoresTask
{
    private const int FSetLock = 6, FSetDescriptionLock = 37;
    private const int LockShared = 1, LockExclusive = 2, LockNonBlocking = 4;

    /// <summary>sizeof(struct flock): l_type, l_whence, l_start at 8, l_len at 16, l_pid at 24.</summary>
    private const int FlockSize = 32, StartAt = 8, LengthAt = 16;

    public IEnumerable<RecordType> Records => [new(FileLockRecord.Id, "FILE_LOCK", FileLockRecord.Read, FileLockRecord.PayloadSize)];

    public void Inspect(InspectContext context, LiveTask task)
    {
        if (task.IsZombie)
            return;
        var inspection = context.States.Get(() => new DescriptorInspection(context));
        foreach (var d in inspection.Held.All)
            if (d.TaskPid == task.Pid && d.HasLock)
                inspection.Refuse(d, "CrFileLock", "a lock or lease hangs on it, and a lock of what is in flight cannot be saved", "Let the program receive it first.");
        foreach (var d in inspection.Of(task))
            foreach (var held in HeldLock.Of(d))
                if (!held.IsKnown)
                    inspection.Refuse(d, "CrFileLock", $"the lock '{held.Text}' that is held through it is of a kind that cannot be saved", "Release the lock first.");
                else if (held.IsLease && d.Place != NamePlace.Leads)
                    inspection.Refuse(d, "CrFileLock", "a lease is held on a file that has lost its name, and reading it would break the lease", "Let the program give up the lease first.");
    }

    public Action<RecordSink>? Capture(CaptureContext context, FrozenTask task, SyscallBatch batch) => sink =>
    {
        var capture = context.States.Get(() => new DescriptorCapture(context));
        var known = context.States.Get<Known>();
        foreach (var (d, description) in capture.CapturedOf(task))
            foreach (var held in HeldLock.Of(d))
            {
                if (!held.IsKnown)
                    throw new CrTargetException("CrFileLock", $"Task {task}: the lock '{held.Text}' that is held through {d.Label} is of a kind that cannot be saved.", "Release the lock first.") { Pid = task.Pid, Object = d.Label };
                // A table shows a lock at each number of the description that took it.
                if (known.Seen.Add((held.Kind == FileLockKind.Posix ? task.Pid : 0, description, held with { Text = "" })))
                    sink.Emit(new FileLockRecord((uint)task.VPid, d.Fd, held.Kind, held.Type, held.IsBreaking, held.Pid > 0 ? capture.ToVPid(held.Pid) : 0, held.Start, held.End));
            }
    };

    public void Check(CheckContext context)
    {
        // Whether every lock has its descriptor; whether somebody else holds it by now is known when it is taken.
        _ = new LockPlan(context.Image, SavedFiles.Of(context.Lasting, context.Image, context.Options));
    }

    /// <summary>
    /// When the serving of descriptors has ended: a process loses all of its locks on a file when it closes any descriptor
    /// onto it (fcntl_setlk, locks_remove_posix in fs/locks.c), and the root closes those that it served.
    /// </summary>
    public RestoreStage Stage => RestoreStage.Threads;

    public Action? Restore(RestoreContext context, RestoringTask task, SyscallBatch batch)
    {
        if (task.IsZombie)
            return null;
        var feed = new BatchFeed(task.Remote);
        var isAny = false;
        foreach (var held in LockPlan.Of(context).Of(task.Image))
            if (held.Kind != FileLockKind.Lease)
            {
                var into = feed.Next();
                var slot = Take(into, held);
                feed.After(() => Require(task, held, into.ErrnoOf(slot)));
                isAny = true;
            }
        if (isAny)
            feed.Flush();
        return null;
    }

    private static Slot Take(SyscallBatch batch, FileLockRecord held)
    {
        if (held.Kind == FileLockKind.Flock)
            return batch.Try(Sys.flock, held.Fd, (held.LockType == FileLockType.Write ? LockExclusive : LockShared) | LockNonBlocking);
        Span<byte> range = stackalloc byte[FlockSize];
        range.Clear();
        BinaryPrimitives.WriteInt16LittleEndian(range, (short)held.LockType);
        BinaryPrimitives.WriteInt64LittleEndian(range[StartAt..], held.Start);
        // A length of 0 is: as far as the file will ever reach.
        BinaryPrimitives.WriteInt64LittleEndian(range[LengthAt..], held.End == long.MaxValue ? 0 : held.End - held.Start + 1);
        return batch.Try(Sys.fcntl, held.Fd, held.Kind == FileLockKind.Posix ? FSetLock : FSetDescriptionLock, batch.In(range));
    }

    internal static void Require(RestoringTask task, FileLockRecord held, Errno errno)
    {
        if (errno == Errno.None)
            return;
        var isTaken = errno is Errno.EAGAIN or Errno.EACCES;
        throw new CrKernelException("CrLockTaken", $"Task {task}: taking back the {(held.Kind == FileLockKind.Lease ? "lease" : "lock")} that it held through descriptor {held.Fd}", errno,
            isTaken ? "Another process has the file open or locked by now; end it and restore again (lslocks shows who)." : null, isTaken ? CrErrorKind.Obstacle : null)
        { Pid = task.VPid, Object = $"descriptor {held.Fd}" };
    }

    private sealed class Known
    {
        /// <summary>Locks that have their record: the process for those that belong to one, the description, the lock.</summary>
        public HashSet<(int, uint, HeldLock)> Seen { get; } = [];
    }
}
