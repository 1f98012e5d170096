using CrCore.Image;

namespace CrCore.Objects.Namespaces;

/// <summary>
/// MOUNT_NAMESPACE (410), at each task whose mount namespace is not the one of the tree's root. TREE_MOUNT records with what is mounted
/// in it follow at its owner.
/// </summary>
/// <param name="VPid">The task: the framing's parent.</param>
/// <param name="Owner">The first task that is in it, whose root directory is the namespace's.</param>
public sealed record MountNamespaceRecord(int VPid, int Owner) : ICrRecord
{
    /// <summary>Size of the record, in bytes.</summary>
    internal const int PayloadSize = 4;

    /// <inheritdoc/>
    public short Type => NamespaceRecordIds.MountNamespace;

    /// <inheritdoc/>
    public uint Parent => (uint)VPid;

    /// <summary>It is told of at this task.</summary>
    public bool IsOwner => Owner == VPid;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w) => w.I32(Owner);

    internal static MountNamespaceRecord Read(uint parent, ref FieldReader r) => new((int)parent, r.I32());
}
