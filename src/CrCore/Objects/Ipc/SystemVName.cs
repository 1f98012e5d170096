using CrCore.Image;

namespace CrCore.Objects.Ipc;

/// <summary>What a System V object is called and whose it is (struct ipc_perm of sysvipc(7)).</summary>
/// <param name="Key">As it was made with; 0 for IPC_PRIVATE.</param>
/// <param name="Id">The number by which programs know it.</param>
/// <param name="Uid">Owner.</param>
/// <param name="Gid">Group of the owner.</param>
/// <param name="CreatorUid">Who made it, which IPC_SET does not change.</param>
/// <param name="CreatorGid">The group of who made it.</param>
/// <param name="Mode">Permissions.</param>
public readonly record struct SystemVName(int Key, int Id, uint Uid, uint Gid, uint CreatorUid, uint CreatorGid, uint Mode)
{
    internal const int Size = 28;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.I32(Key);
        w.I32(Id);
        w.U32(Uid);
        w.U32(Gid);
        w.U32(CreatorUid);
        w.U32(CreatorGid);
        w.U32(Mode);
    }

    internal static SystemVName Read(ref FieldReader r)
    {
        var name = new SystemVName(r.I32(), r.I32(), r.U32(), r.U32(), r.U32(), r.U32(), r.U32());
        return name.Id >= 0 && name.Mode <= 0x1ff ? name : throw r.Bad($"a System V object has the number {name.Id} and the mode {name.Mode:x}");
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Id} (key 0x{Key:x8})";
}
