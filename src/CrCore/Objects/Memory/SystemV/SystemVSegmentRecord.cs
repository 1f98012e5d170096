using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Memory;

/// <summary>SYSV_SEGMENT (450): what a SHARED_MEMORY of the kind 4 is called and whose it is. It stands right behind it.</summary>
/// <param name="ObjRef">The reference: the framing's parent.</param>
/// <param name="Memory">The SHARED_MEMORY, with size and pages.</param>
/// <param name="Key">As it was made with; 0 for IPC_PRIVATE.</param>
/// <param name="Id">The number by which programs know it (shmid).</param>
/// <param name="Uid">Owner.</param>
/// <param name="Gid">Group of the owner.</param>
/// <param name="CreatorUid">Who made it, which IPC_SET does not change.</param>
/// <param name="CreatorGid">The group of who made it.</param>
/// <param name="Mode">Permissions.</param>
/// <param name="IsRemoved">IPC_RMID was done: it goes with its last attachment.</param>
/// <param name="IsOutside">Processes outside of the tree had it attached, too.</param>
/// <param name="IsLocked">Locked into memory (SHM_LOCK of shmctl(2)).</param>
public sealed record SystemVSegmentRecord(uint ObjRef, uint Memory, int Key, int Id, uint Uid, uint Gid, uint CreatorUid, uint CreatorGid, uint Mode, bool IsRemoved, bool IsOutside, bool IsLocked) : ISharedObject
{
    /// <inheritdoc/>
    public short Type => MemoryIds.SystemVSegment;
    /// <inheritdoc/>
    public uint Parent => 0;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32(ObjRef);
        w.U32(Memory);
        w.U32((uint)Key);
        w.U32((uint)Id);
        w.U32(Uid);
        w.U32(Gid);
        w.U32(CreatorUid);
        w.U32(CreatorGid);
        w.U32(Mode);
        w.Flag(IsRemoved);
        w.Flag(IsOutside);
        w.Flag(IsLocked);
    }

    internal static SystemVSegmentRecord Read(uint parent, ref FieldReader r)
    {
        var s = new SystemVSegmentRecord(r.U32(), r.U32(), (int)r.U32(), (int)r.U32(), r.U32(), r.U32(), r.U32(), r.U32(), r.U32(), r.Flag(), r.Flag(), r.Flag());
        if (s.ObjRef == 0 || s.Memory == 0 || s.Id < 0)
            throw r.Bad($"the System V segment {s.Id} has the reference {s.ObjRef} and the memory {s.Memory}");
        if ((s.Mode & ~0x1ffu) != 0)
            throw r.Bad($"the System V segment {s.Id} has the mode {s.Mode:x}");
        return s;
    }

    /// <inheritdoc/>
    public override string ToString() => $"System V segment {Id} (key 0x{Key:x8})";

    /// <summary>Whether a segment that exists is this one, or one that follows it in every respect.</summary>
    internal bool Is(in SystemVSegmentStatus now, ulong size)
        => now.Size == size && now.Key == (IsRemoved ? 0 : Key) && (now.Mode & SystemVMemory.Removed) != 0 == IsRemoved
        && now.CreatorUid == CreatorUid && now.CreatorGid == CreatorGid;
}
