using System.Globalization;
using CrCore.Checkpoint;
using CrCore.Kernel;

namespace CrCore.Objects.Memory;

/// <summary>System V segments that tasks have attached: which can be saved, and what is told of them.</summary>
internal static class SystemVCapture
{
    /// <summary>The number means something in the task's own IPC namespace only: asked there.</summary>
    public static MappingRefusal? Check(ProcReader proc, int pid, in MemoryMapping m)
    {
        const string id = "CrMappingSystemV";
        var number = (int)m.Inode;
        Errno errno;
        try
        {
            errno = IpcNamespace.Run(proc, pid, () => SystemVMemory.Stat(number, out _));
        }
        catch (CrKernelException e) when (e.Id == IpcNamespace.ErrorId)
        {
            return new(id, $"the System V segment {m.Inode} is of another IPC namespace than this program's, which cannot be entered: {e.Errno}", "Run with CAP_SYS_ADMIN, or have the program detach it (shmdt).");
        }
        if (errno != Errno.None)
            return new(id, $"the System V segment {m.Inode} cannot be looked at: {errno} ({errno.Describe()})", "Have the program detach it (shmdt).");
        // A mapping need not reach all of it; the memory itself takes CAP_CHECKPOINT_RESTORE (proc_map_files_get_link in fs/proc/base.c).
        using var file = OwnDescriptor.Open($"/proc/{pid}/map_files/{m.Start:x}-{m.End:x}", FileNative.O_RDONLY, out errno);
        return file is null ? new(id, $"the System V segment {m.Inode} cannot be read: {errno} ({errno.Describe()})", "Run with CAP_CHECKPOINT_RESTORE.", CrErrorKind.PermissionDenied) : null;
    }

    /// <summary>The tree is frozen, and the segment is met for the first time.</summary>
    public static SystemVSegmentRecord Describe(CaptureContext context, uint memory, int pid, in MemoryMapping m)
    {
        var id = (int)m.Inode;
        var (errno, status) = IpcNamespace.Run(context.Proc, pid, () => (SystemVMemory.Stat(id, out var s), s));
        if (errno != Errno.None)
            throw KernelError.Create("CrSystemVSegmentFailed", $"Looking at the System V segment {id} failed", errno, pid, $"System V segment {id}");
        ulong own = 0;
        var mappings = new List<MemoryMapping>();
        foreach (var task in context.Tasks)
        {
            mappings.Clear();
            if (!task.IsZombie && ProcMaps.TryRead(context.Proc, task.Pid, mappings))
                foreach (var other in mappings)
                    own += other.Kind == MappingKind.SystemVShared && other.Inode == m.Inode ? 1u : 0;
        }
        // Once it is removed, only the mapping's name still tells the key (newseg in ipc/shm.c).
        var key = (int)uint.Parse(m.Path.AsSpan("/SYSV".Length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        return Describe(context, memory, id, key, status, own);
    }

    /// <summary>In bytes, as shmget(2) was told.</summary>
    public static ulong SizeOf(CaptureContext context, int pid, int id)
    {
        var (errno, status) = IpcNamespace.Run(context.Proc, pid, () => (SystemVMemory.Stat(id, out var s), s));
        return errno == Errno.None ? status.Size : throw KernelError.Create("CrSystemVSegmentFailed", $"Looking at the System V segment {id} failed", errno, pid, $"System V segment {id}");
    }

    /// <param name="attachedHere">Mappings of it that the tree has.</param>
    public static SystemVSegmentRecord Describe(CaptureContext context, uint memory, int id, int key, in SystemVSegmentStatus status, ulong attachedHere)
    {
        var ids = TreeIds.Of(context);
        return new(context.Shared.Reference(("System V segment", id), out _), memory, key, id, ids.User(status.Uid), ids.Group(status.Gid), ids.User(status.CreatorUid), ids.Group(status.CreatorGid),
            status.Mode & 0x1ff, (status.Mode & SystemVMemory.Removed) != 0, status.Attached > attachedHere, (status.Mode & SystemVMemory.Locked) != 0);
    }
}
