using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Credentials;

/// <summary>
/// CREDENTIALS (120): a thread's credentials (credentials(7), capabilities(7)). Ids are numbers of the tree's user
/// namespace. In the kernel every thread has its own, and programs can make them differ.
/// </summary>
public sealed record CredentialsRecord : ICrRecord
{
    internal const short Id = 120;

    /// <summary>NGROUPS_MAX of linux/limits.h.</summary>
    public const int MaxGroups = 65_536;

    private const int FixedSize = 8 * 4 + 5 * 8 + 4 + 1 + 4;

    internal const int MaxPayload = FixedSize + MaxGroups * 4;

    /// <inheritdoc/>
    public short Type => Id;
    /// <inheritdoc/>
    public uint Parent => (uint)VTid;

    /// <summary>The thread, by its number in the tree's pid namespace: the framing's parent.</summary>
    public required int VTid { get; init; }

    /// <summary>Real, effective, saved and file-system user.</summary>
    public IdSet Uid { get; init; }

    /// <summary>Real, effective, saved and file-system group.</summary>
    public IdSet Gid { get; init; }

    /// <summary>Supplementary groups, ascending as the kernel keeps them.</summary>
    public IReadOnlyList<uint> Groups { get; init; } = [];

    /// <summary>Bit n is capability n, here and below.</summary>
    public ulong Inheritable { get; init; }

    /// <summary>What the thread may make effective.</summary>
    public ulong Permitted { get; init; }

    /// <summary>What the kernel asks for.</summary>
    public ulong Effective { get; init; }

    /// <summary>What execve(2) can give at most.</summary>
    public ulong Bounding { get; init; }

    /// <summary>What stays through the execve(2) of a program that has no rights of its own.</summary>
    public ulong Ambient { get; init; }

    /// <summary>SECBIT_* of linux/securebits.h, SECBIT_KEEP_CAPS (0x10) among them.</summary>
    public uint SecureBits { get; init; }

    /// <summary>execve(2) gives no rights (PR_SET_NO_NEW_PRIVS of prctl(2)); once set, for good.</summary>
    public bool NoNewPrivileges { get; init; }

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        Write(ref w, Uid);
        Write(ref w, Gid);
        w.U64(Inheritable);
        w.U64(Permitted);
        w.U64(Effective);
        w.U64(Bounding);
        w.U64(Ambient);
        w.U32(SecureBits);
        w.Flag(NoNewPrivileges);
        w.U32((uint)Groups.Count);
        foreach (var g in Groups)
            w.U32(g);
    }

    internal static CredentialsRecord Read(uint parent, ref FieldReader r) => new()
    {
        VTid = (int)parent,
        Uid = new(r.U32(), r.U32(), r.U32(), r.U32()),
        Gid = new(r.U32(), r.U32(), r.U32(), r.U32()),
        Inheritable = r.U64(),
        Permitted = r.U64(),
        Effective = r.U64(),
        Bounding = r.U64(),
        Ambient = r.U64(),
        SecureBits = r.U32(),
        NoNewPrivileges = r.Flag(),
        Groups = ReadGroups(ref r),
    };

    private static void Write(ref FieldWriter w, in IdSet ids)
    {
        w.U32(ids.Real);
        w.U32(ids.Effective);
        w.U32(ids.Saved);
        w.U32(ids.FileSystem);
    }

    private static uint[] ReadGroups(ref FieldReader r)
    {
        var groups = new uint[r.Count(4)];
        for (var i = 0; i < groups.Length; i++)
            groups[i] = r.U32();
        return groups;
    }
}
