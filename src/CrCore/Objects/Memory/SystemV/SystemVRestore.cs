using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Ipc;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Memory;

/// <summary>The System V segments of a restore. What it made goes again if it fails.</summary>
internal sealed class RestoredSegments : IDisposable
{
    /// <summary>Segments made for this tree, until it is released.</summary>
    public List<int> Made { get; } = [];

    /// <summary>Memory that others use, too: its contents are theirs as well, and stay.</summary>
    public HashSet<uint> Left { get; } = [];

    public void Dispose()
    {
        foreach (var id in Made)
            SystemVMemory.Remove(id);
    }
}

/// <summary>
/// Makes System V segments, or finds those that outlived the tree, and attaches them in the staging area: from there mappings of
/// them are inherited and moved as of other shared memory, and the kernel counts each (shm_open in ipc/shm.c).
/// </summary>
internal static class SystemVRestore
{
    private const int MadvRemove = 9;

    public static void Check(CheckContext context)
    {
        var described = new HashSet<uint>();
        foreach (var o in context.Image.Objects.Values)
            if (o is SystemVSegmentRecord segment)
            {
                var memory = context.Image.Object<SharedMemoryRecord>(segment.Memory);
                if (memory.Kind != SharedMemoryType.SystemV || memory.Size == 0 || !described.Add(segment.Memory))
                    throw ImageError.Objects(-1, $"the {segment} has the memory {segment.Memory}, which is not its own");
                if ((context.Namespaces.Flags & CloneFlags.NewIpc) == 0)
                    Check(context, segment, memory);
                else if (context.InUserNamespace && memory.IsHuge)
                    // can_do_hugetlb_shm in fs/hugetlbfs/inode.c
                    context.Refuse(null, "CrSystemVRights", segment.ToString(), "making one of huge pages takes CAP_IPC_LOCK in the initial user namespace", "The tree can be restored where it has no user namespace of its own.", CrErrorKind.PermissionDenied);
            }
        foreach (var o in context.Image.Objects.Values)
            if (o is SharedMemoryRecord { Kind: SharedMemoryType.SystemV } memory && !described.Contains(memory.ObjRef))
                throw ImageError.Objects(-1, $"the System V memory {memory.ObjRef} has no SYSV_SEGMENT");
    }

    private static void Check(CheckContext context, SystemVSegmentRecord segment, SharedMemoryRecord memory)
    {
        const string other = "End what uses it, and remove it (ipcrm).";
        if (context.InUserNamespace || !Capabilities.HasInitial(context.Proc, Capabilities.CheckpointRestore) && !Capabilities.HasInitial(context.Proc, Capabilities.SysAdmin))
            context.Refuse(null, "CrSystemVRights", segment.ToString(), "making it with its number takes CAP_CHECKPOINT_RESTORE in the initial user namespace, and none of its own", "Restore as root.", CrErrorKind.PermissionDenied);
        else if (SystemVMemory.Stat(segment.Id, out var now) is var errno && errno is Errno.EINVAL or Errno.EIDRM)
        {
            if (SystemVMemory.HasKey(segment.Key))
                context.Refuse(null, "CrSystemVKeyTaken", segment.ToString(), "another segment has its key", other);
        }
        else if (errno != Errno.None || !segment.Is(now, memory.Size))
            context.Refuse(null, "CrSystemVIdTaken", segment.ToString(), "another segment has its number", other);
        else if (now.Attached > 0 && segment.IsOutside)
            context.Warn(null, "CrSystemVShared", segment.ToString(), "processes outside of the tree have it attached, as when it was saved: its contents stay as they are now");
        else if (now.Attached > 0)
            context.Refuse(null, "CrSystemVInUse", segment.ToString(), "it exists, and processes have it attached that are not of the tree", other);
    }

    /// <summary>Removed ones first: their keys may be those of others by now.</summary>
    public static void AttachAll(RestoreContext context, RestoringTask task, PuppetPlaces places)
    {
        var segments = new List<SystemVSegmentRecord>();
        foreach (var o in context.Image.Objects.Values)
            if (o is SystemVSegmentRecord segment)
                segments.Add(segment);
        segments.Sort(static (a, b) => (a.IsRemoved ? 0 : 1, a.Id).CompareTo((b.IsRemoved ? 0 : 1, b.Id)));
        foreach (var segment in segments)
            Attach(context, task, places, segment);
        var made = context.States.Get<RestoredSegments>().Made;
        context.AtRelease.Add(made.Clear);
    }

    private static void Attach(RestoreContext context, RestoringTask task, PuppetPlaces places, SystemVSegmentRecord segment)
    {
        var memory = context.Image.Object<SharedMemoryRecord>(segment.Memory);
        if (SystemVCreation.IsOwn(context))
        {
            AttachNew(task, places.StagingOf(memory.ObjRef), segment, memory);
            return;
        }
        var restored = context.States.Get<RestoredSegments>();
        var exists = SystemVMemory.Stat(segment.Id, out var now) == Errno.None;
        if (exists && (!segment.Is(now, memory.Size) || now.Attached > 0 && !segment.IsOutside))
            throw KernelError.Create("CrSystemVSegmentFailed", $"Finding the {segment} again failed: it is another's by now", Errno.EEXIST, on: segment.ToString());
        if (exists && now.Attached > 0)
            restored.Left.Add(memory.ObjRef);
        if (!exists)
            Make(restored, segment, memory);
        if (!restored.Left.Contains(memory.ObjRef))
            Demand(SystemVMemory.SetOwner(segment.Id, segment.Uid, segment.Gid, segment.Mode), "Giving an owner to", segment);
        if (segment.IsLocked && !exists)
            Demand(SystemVMemory.Lock(segment.Id), "Locking", segment);
        var start = places.StagingOf(memory.ObjRef);
        var batch = new SyscallBatch();
        batch.Must("attaching", segment, Sys.shmat, segment.Id, start, 0);
        // What is not stored is zeros, also where the segment was found as somebody left it.
        if (exists && !restored.Left.Contains(memory.ObjRef))
            batch.Must("emptying", segment, Sys.madvise, start, places.Plan[memory.ObjRef].Length, MadvRemove);
        task.Remote.Run(batch);
        if (segment.IsRemoved && !exists)
            Demand(SystemVMemory.Remove(segment.Id), "Removing", segment);
    }

    /// <summary>In a new IPC namespace, which nobody else is in: all of it is the task's own work.</summary>
    private static void AttachNew(RestoringTask task, ulong start, SystemVSegmentRecord segment, SharedMemoryRecord memory)
    {
        var name = new SystemVName(segment.Key, segment.Id, segment.Uid, segment.Gid, segment.CreatorUid, segment.CreatorGid, segment.Mode);
        var batch = new SyscallBatch();
        var made = SystemVCreation.Segment.Make(batch, segment, name, memory.Size, HugePageSize.OfSegment(memory.PageShift));
        task.Remote.Run(batch);
        SystemVCreation.Demand(batch, made, segment, name);
        batch.Reset();
        var status = new SystemVSegmentStatus { Uid = segment.Uid, Gid = segment.Gid, Mode = segment.Mode };
        batch.Must("giving an owner to", segment, Sys.shmctl, segment.Id, SystemVCreation.IpcSet, batch.In(status));
        if (segment.IsLocked)
            batch.Must("locking", segment, Sys.shmctl, segment.Id, SystemVMemory.LockCommand, 0);
        batch.Must("attaching", segment, Sys.shmat, segment.Id, start, 0);
        if (segment.IsRemoved)
            batch.Must("removing", segment, Sys.shmctl, segment.Id, SystemVCreation.IpcRemove, 0);
        task.Remote.Run(batch);
    }

    private static void Make(RestoredSegments restored, SystemVSegmentRecord segment, SharedMemoryRecord memory)
    {
        var id = SystemVMemory.Create(segment.Key, memory.Size, segment.Mode, HugePageSize.OfSegment(memory.PageShift), segment.Id, segment.CreatorUid, segment.CreatorGid);
        if (id >= 0)
            restored.Made.Add((int)id);
        Demand(Libc.ErrnoOf(id), "Making", segment);
        if (id != segment.Id)
            throw KernelError.Create("CrSystemVSegmentFailed", $"Making the {segment} failed: its number is taken, it became {id}", Errno.EEXIST, on: segment.ToString());
    }

    private static void Demand(Errno errno, string what, SystemVSegmentRecord segment)
    {
        if (errno != Errno.None)
            throw KernelError.Create("CrSystemVSegmentFailed", $"{what} the {segment} failed", errno, on: segment.ToString(), advice: "It takes CAP_CHECKPOINT_RESTORE and room within kernel.shmmni, shmall and shmmax, and of huge pages enough that are free.");
    }

    /// <summary>
    /// A mapping attached with SHM_RDONLY may never become writable; it is made from such an attachment, in this task's staging
    /// area for as long as it takes.
    /// </summary>
    public static void AddReattach(RestoreContext context, SyscallBatch batch, PuppetPlaces places, uint memory, int flags)
    {
        foreach (var o in context.Image.Objects.Values)
            if (o is SystemVSegmentRecord segment && segment.Memory == memory)
                batch.Must("attaching", segment, Sys.shmat, segment.Id, places.StagingOf(memory), SystemVMemory.Remap | flags);
    }
}
