using CrCore.Image;

namespace CrCore.Objects.Cgroups;

/// <summary>A task's group in one hierarchy.</summary>
/// <param name="Hierarchy">Its controllers ("cpu,cpuacct") or name ("name=systemd") in v1, empty for v2.</param>
/// <param name="Path">From the hierarchy's root, or below the root that was given at the checkpoint.</param>
public sealed record CgroupPlace(string Hierarchy, string Path);

/// <summary>CGROUPS (430): a set of groups, one a hierarchy, that tasks are in; at the first of them.</summary>
/// <param name="ObjRef">The reference: the framing's parent.</param>
/// <param name="Places">At most one a hierarchy.</param>
public sealed record CgroupsRecord(uint ObjRef, IReadOnlyList<CgroupPlace> Places) : ISharedObject, IDescribedRecord
{
    internal const short Id = 430;

    /// <summary>More than any kernel has hierarchies.</summary>
    public const int MaxPayload = 1 << 20;

    /// <inheritdoc/>
    public short Type => Id;
    /// <inheritdoc/>
    public uint Parent => ObjRef;

    /// <inheritdoc/>
    public string Description => string.Join(' ', Places.Select(p => $"{p.Hierarchy}:{p.Path}"));

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32((uint)Places.Count);
        foreach (var p in Places)
        {
            w.Text(p.Hierarchy);
            w.Text(p.Path);
        }
    }

    internal static CgroupsRecord Read(uint parent, ref FieldReader r)
    {
        var places = new CgroupPlace[r.Count(8)];
        for (var i = 0; i < places.Length; i++)
            places[i] = new(r.Text(), r.Text());
        return new(parent, places);
    }

    /// <inheritdoc/>
    public bool Equals(CgroupsRecord? other) => other is not null && ObjRef == other.ObjRef && Places.SequenceEqual(other.Places);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(ObjRef, Places.Count);
}

/// <summary>IN_CGROUPS (431): the set that a task or thread is in. A thread has one of its own only where it differs from its task's.</summary>
/// <param name="Number">The task or thread: the framing's parent.</param>
/// <param name="Set">The reference of its CGROUPS.</param>
public sealed record InCgroupsRecord(int Number, uint Set) : ICrRecord
{
    internal const short Id = 431;
    internal const int PayloadSize = 8;

    /// <inheritdoc/>
    public short Type => Id;
    /// <inheritdoc/>
    public uint Parent => (uint)Number;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32(Set);
        w.U32(0);
    }

    internal static InCgroupsRecord Read(uint parent, ref FieldReader r)
    {
        var record = new InCgroupsRecord((int)parent, r.U32());
        r.Pad4();
        return record;
    }
}

/// <summary>A file of a group: who may use it, and what was in it where that can be set again.</summary>
/// <param name="Name">In the group's directory.</param>
/// <param name="Mode">Permissions.</param>
/// <param name="Uid">Owner.</param>
/// <param name="Gid">Group of the owner.</param>
/// <param name="Value">Null where only the rights are kept.</param>
public sealed record CgroupFile(string Name, uint Mode, uint Uid, uint Gid, string? Value);

/// <summary>CGROUP_DIR (432): a group that tasks are in, or one below it, as it must be made where it is missing.</summary>
/// <param name="Place">The group.</param>
/// <param name="Mode">Permissions of its directory.</param>
/// <param name="Uid">Owner.</param>
/// <param name="Gid">Group of the owner.</param>
/// <param name="Files">Those that have rights or a value of their own.</param>
public sealed record CgroupDirRecord(CgroupPlace Place, uint Mode, uint Uid, uint Gid, IReadOnlyList<CgroupFile> Files) : IDescribedRecord
{
    internal const short Id = 432;
    internal const int MaxPayload = 1 << 20;

    /// <inheritdoc/>
    public short Type => Id;
    /// <inheritdoc/>
    public uint Parent => 0;

    /// <inheritdoc/>
    public string Description => $"{Place.Hierarchy}:{Place.Path}";

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.Text(Place.Hierarchy);
        w.Text(Place.Path);
        w.U32(Mode);
        w.U32(Uid);
        w.U32(Gid);
        w.U32((uint)Files.Count);
        foreach (var f in Files)
        {
            w.Text(f.Name);
            w.U32(f.Mode);
            w.U32(f.Uid);
            w.U32(f.Gid);
            w.U32(f.Value is null ? 0u : 1);
            w.Text(f.Value ?? "");
        }
    }

    internal static CgroupDirRecord Read(uint parent, ref FieldReader r)
    {
        var place = new CgroupPlace(r.Text(), r.Text());
        var (mode, uid, gid) = (r.U32(), r.U32(), r.U32());
        var files = new CgroupFile[r.Count(24)];
        for (var i = 0; i < files.Length; i++)
            files[i] = new(r.Text(), r.U32(), r.U32(), r.U32(), Value(r.U32() != 0, r.Text()));
        return new(place, mode, uid, gid, files);
    }

    private static string? Value(bool has, string text) => has ? text : null;

    /// <inheritdoc/>
    public bool Equals(CgroupDirRecord? other)
        => other is not null && Place == other.Place && Mode == other.Mode && Uid == other.Uid && Gid == other.Gid && Files.SequenceEqual(other.Files);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Place, Mode, Files.Count);
}
