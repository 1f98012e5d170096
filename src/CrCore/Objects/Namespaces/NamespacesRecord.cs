using CrCore.Image;

namespace CrCore.Objects.Namespaces;

/// <summary>
/// NAMESPACES (400), once, at the tree's root: which namespaces(7) the tree has of its own, that is, others than those of
/// the program that saved it, and the state of theirs that is saved.
/// </summary>
public sealed record NamespacesRecord : ICrRecord
{
    /// <summary>Bytes of a host or domain name (__NEW_UTS_LEN of linux/utsname.h).</summary>
    public const int MaxName = 64;

    internal const int MaxPayload = 8 + 2 * (4 + MaxName);

    /// <inheritdoc/>
    public short Type => NamespaceRecordIds.Namespaces;
    /// <inheritdoc/>
    public uint Parent => (uint)VPid;

    /// <summary>The tree's root: the framing's parent.</summary>
    public required int VPid { get; init; }

    /// <summary>CLONE_NEW* bits of linux/sched.h.</summary>
    public NamespaceSet Own { get; init; }

    /// <summary>The loopback interface of the own network namespace is up.</summary>
    public bool LoopbackUp { get; init; }

    /// <summary>Of the own UTS namespace, else empty.</summary>
    public string HostName { get; init; } = "";

    /// <summary>See <see cref="HostName"/>; the NIS domain name of setdomainname(2).</summary>
    public string DomainName { get; init; } = "";

    /// <summary>Whether the tree has one of these kinds, at least, of its own.</summary>
    public bool Has(NamespaceSet kind) => (Own & kind) != 0;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32((uint)Own);
        w.U32(LoopbackUp ? 1u : 0);
        w.Text(HostName);
        w.Text(DomainName);
    }

    internal static NamespacesRecord Read(uint parent, ref FieldReader r)
    {
        var own = (NamespaceSet)r.U32();
        if ((own & ~NamespaceSet.All) != 0)
            throw r.Bad($"the namespaces are 0x{(uint)own:x}, which has unknown bits");
        var up = r.U32();
        if (up > 1)
            throw r.Bad($"a flag is {up}, not 0 or 1");
        return new NamespacesRecord { VPid = (int)parent, Own = own, LoopbackUp = up == 1, HostName = r.Text(MaxName), DomainName = r.Text(MaxName) };
    }
}

/// <summary>Kinds of namespaces as CLONE_NEW* of linux/sched.h has them.</summary>
[Flags]
public enum NamespaceSet : uint
{
    /// <summary>No namespace.</summary>
    None = 0,
    /// <summary>CLONE_NEWTIME: time_namespaces(7).</summary>
    Time = 0x80,
    /// <summary>CLONE_NEWNS: mount_namespaces(7).</summary>
    Mount = 0x20000,
    /// <summary>CLONE_NEWCGROUP: cgroup_namespaces(7).</summary>
    Cgroup = 0x02000000,
    /// <summary>CLONE_NEWUTS: uts_namespaces(7).</summary>
    Uts = 0x04000000,
    /// <summary>CLONE_NEWIPC: ipc_namespaces(7).</summary>
    Ipc = 0x08000000,
    /// <summary>CLONE_NEWUSER: user_namespaces(7).</summary>
    User = 0x10000000,
    /// <summary>CLONE_NEWPID: pid_namespaces(7).</summary>
    Pid = 0x20000000,
    /// <summary>CLONE_NEWNET: network_namespaces(7).</summary>
    Network = 0x40000000,
    /// <summary>Every kind.</summary>
    All = Time | Mount | Cgroup | Uts | Ipc | User | Pid | Network,
}
