using System.Globalization;
using CrCore.Checkpoint;
using CrCore.Kernel;

namespace CrCore.Objects.Memory;

/// <summary>System V segments that tasks have attached: which can be saved, and what is told of them.</summary>
internal static class SystemVCapture
{
    /// <summary>Segments of this program's IPC namespace only: their numbers mean nothing elsewhere.</summary>
    public static MappingRefusal? Check(int pid, in MemoryMapping m)
    {
        const string id = "CrMappingSystemV", detach = "Have the program detach it (shmdt).";
        if (FileStatus.Read($"/proc/{pid}/ns/ipc", out var theirs) != Errno.None || FileStatus.Read("/proc/self/ns/ipc", out var own) != Errno.None || theirs.Inode != own.Inode)
            return new(id, $"the System V segment {m.Inode} is of another IPC namespace than this program's, or that cannot be told; such are not saved", detach);
        if (SystemVMemory.Stat((int)m.Inode, out var status) is var errno && errno != Errno.None)
            return new(id, $"the System V segment {m.Inode} cannot be looked at: {errno} ({errno.Describe()})", detach);
        if ((status.Mode & SystemVMemory.Locked) != 0)
            return new(id, $"the System V segment {m.Inode} is locked into memory (SHM_LOCK), which is not saved", "Have the program unlock it (SHM_UNLOCK).");
        // A mapping need not reach all of it; the memory itself takes CAP_CHECKPOINT_RESTORE (proc_map_files_get_link in fs/proc/base.c).
        using var file = OwnDescriptor.Open($"/proc/{pid}/map_files/{m.Start:x}-{m.End:x}", FileNative.O_RDONLY, out errno);
        return file is null ? new(id, $"the System V segment {m.Inode} cannot be read: {errno} ({errno.Describe()})", "Run with CAP_CHECKPOINT_RESTORE.", CrErrorKind.PermissionDenied) : null;
    }

    /// <summary>The tree is frozen, and the segment is met for the first time.</summary>
    public static SystemVSegmentRecord Describe(CaptureContext context, uint memory, int pid, in MemoryMapping m)
    {
        var id = (int)m.Inode;
        if (SystemVMemory.Stat(id, out var status) is var errno && errno != Errno.None)
            throw KernelError.Create("SystemVSegmentFailed", $"Looking at the System V segment {id} failed", errno, pid, $"System V segment {id}");
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
        return new(context.Shared.Reference(("System V segment", id), out _), memory, key, id, status.Uid, status.Gid, status.CreatorUid, status.CreatorGid,
            status.Mode & 0x1ff, (status.Mode & SystemVMemory.Removed) != 0, status.Attached > own);
    }
}
