using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Namespaces;

/// <summary>PACKET_FILTER (404), at the root of a tree with a network namespace of its own: a table of iptables-legacy(8) there.</summary>
/// <param name="VPid">The root: the framing's parent.</param>
/// <param name="Table">With its entries in the kernel's form.</param>
public sealed record PacketFilterRecord(int VPid, LegacyTable Table) : ICrRecord
{
    internal const int MaxPayload = 4 + 4 + LegacyTable.NameSize + 4 + 4 * LegacyTable.PlacesCount + 4 + 4 + LegacyTables.MaxSize;

    /// <inheritdoc/>
    public short Type => NamespaceRecordIds.PacketFilter;
    /// <inheritdoc/>
    public uint Parent => (uint)VPid;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.I32(Table.IsInet6 ? 6 : 4);
        w.Text(Table.Name);
        w.U32(Table.Hooks);
        foreach (var place in Table.Places)
            w.U32(place);
        w.U32(Table.Count);
        w.Blob(Table.Entries);
    }

    internal static PacketFilterRecord Read(uint parent, ref FieldReader r)
    {
        var version = r.I32();
        var name = r.Text(LegacyTable.NameSize - 1);
        var hooks = r.U32();
        var places = new uint[LegacyTable.PlacesCount];
        for (var i = 0; i < places.Length; i++)
            places[i] = r.U32();
        var count = r.U32();
        if (version is not (4 or 6) || name.Length == 0 || !System.Text.Ascii.IsValid(name))
            throw r.Bad($"'{name}' is no table of a packet filter of IP version {version}");
        return new((int)parent, new(version == 6, name, hooks, places, count, r.Blob(LegacyTables.MaxSize)));
    }
}
