using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Namespaces;

/// <summary>NF_TABLES (405), at the root of a tree with a network namespace of its own: tables, chains and rules of nft(8) there, in the order in which they are made.</summary>
/// <param name="VPid">The root: the framing's parent.</param>
/// <param name="Objects">As netlink messages of linux/netfilter/nf_tables.h carry them.</param>
public sealed record NetfilterRecord(int VPid, IReadOnlyList<NetfilterObject> Objects) : ICrRecord
{
    internal const int MaxObjects = 65_536, MaxPayload = 16 << 20;
    private const int LeastSize = 8, MaxMessage = 1 << 16;

    /// <inheritdoc/>
    public short Type => NamespaceRecordIds.Netfilter;
    /// <inheritdoc/>
    public uint Parent => (uint)VPid;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32((uint)Objects.Count);
        foreach (var (kind, message) in Objects)
        {
            w.U16(kind);
            w.U16(0);
            w.Blob(message);
        }
    }

    internal static NetfilterRecord Read(uint parent, ref FieldReader r)
    {
        var count = r.Count(LeastSize);
        if (count > MaxObjects)
            throw r.Bad($"there are {count} objects of nf_tables");
        var objects = new NetfilterObject[count];
        for (var i = 0; i < count; i++)
        {
            var kind = r.U16();
            r.U16();
            objects[i] = new(kind, r.Blob(MaxMessage));
            // Nothing but what adds: no message of another meaning reaches the kernel.
            if (kind is not (NetfilterRules.Table or NetfilterRules.Chain or NetfilterRules.Rule))
                throw r.Bad($"message {kind} makes no table, chain or rule");
        }
        return new((int)parent, objects);
    }

    /// <inheritdoc/>
    public bool Equals(NetfilterRecord? other)
        => other is not null && VPid == other.VPid && Objects.Count == other.Objects.Count
            && Objects.Zip(other.Objects).All(pair => pair.First.Kind == pair.Second.Kind && pair.First.Message.AsSpan().SequenceEqual(pair.Second.Message));

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(VPid, Objects.Count);
}
