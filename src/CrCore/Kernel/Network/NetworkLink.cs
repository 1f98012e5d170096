using System.Buffers.Binary;
using System.Text;

namespace CrCore.Kernel;

/// <summary>An interface as rtnetlink(7) lists it, and the messages that make one like it.</summary>
internal sealed class NetworkLink
{
    /// <summary>IFF_UP, and the other flags of linux/if.h that can be set: DEBUG, NOARP, PROMISC, ALLMULTI, MULTICAST.</summary>
    public const uint Up = 1, Settable = Up | 0x4 | 0x80 | 0x100 | 0x200 | 0x1000;

    /// <summary>struct ifinfomsg: family, type at 2, index, flags, mask of flags.</summary>
    private const int TypeAt = 2, IndexAt = 4, FlagsAt = 8, ChangeAt = 12, Size = 16;

    // IFLA_* of linux/if_link.h.
    private const ushort Address = 1, NameOf = 3, Mtu = 4, LowerOf = 5, MasterOf = 10, QueueLength = 13, Information = 18, Alias = 20, Group = 27, SendQueues = 31,
        ReceiveQueues = 32, ElsewhereOf = 37, Xdp = 43, OtherNames = 52;
    private const ushort InfoKind = 1, InfoData = 2, InfoPortKind = 4, InfoPortData = 5, VethPeer = 1;
    private const int XdpAttached = 2, BridgeVlans = 7, MacvlanAddressCount = 6, EthernetAddress = 6;

    private readonly NetworkObject _source;

    public NetworkLink(NetworkObject source)
    {
        _source = source;
        var message = source.Message;
        Index = BinaryPrimitives.ReadInt32LittleEndian(message.AsSpan(IndexAt));
        Flags = BinaryPrimitives.ReadUInt32LittleEndian(message.AsSpan(FlagsAt));
        Name = Encoding.UTF8.GetString(source.Find(NameOf).TrimEnd((byte)0));
        Lower = Number(source.Find(LowerOf));
        Master = Number(source.Find(MasterOf));
        var information = source.Find(Information);
        Kind = Encoding.ASCII.GetString(NetlinkAttributes.Find(information, InfoKind).TrimEnd((byte)0));
        Data = LinkOptions.Settable(Kind, isPort: false, NetlinkAttributes.Find(information, InfoData));
        PortKind = Encoding.ASCII.GetString(NetlinkAttributes.Find(information, InfoPortKind).TrimEnd((byte)0));
        PortData = LinkOptions.Settable(PortKind, isPort: true, NetlinkAttributes.Find(information, InfoPortData));
    }

    public int Index { get; }

    public uint Flags { get; }

    public string Name { get; }

    /// <summary>The index of the interface below it, or of a veth's other end; 0 for none.</summary>
    public int Lower { get; }

    /// <summary>The index of the bridge that it is a port of; 0 for none.</summary>
    public int Master { get; }

    /// <summary>What it is, in ip-link(8)'s word; empty for a device.</summary>
    public string Kind { get; }

    /// <summary>Options of its kind that can be set, as attributes.</summary>
    public byte[] Data { get; }

    public string PortKind { get; }

    /// <summary>Options of it as a port.</summary>
    public byte[] PortData { get; }

    private ReadOnlySpan<byte> AllData => NetlinkAttributes.Find(_source.Find(Information), InfoData);

    /// <summary>Why it cannot be made again, or null.</summary>
    public string? Refusal()
    {
        if (!LinkOptions.IsKnown(Kind))
            return Kind.Length == 0 ? "it is a device, and no virtual interface" : $"it is of the kind {Kind}";
        if (_source.Find(ElsewhereOf).Length > 0)
            return "its other end, or the interface below it, is in another network namespace";
        if (PortKind.Length > 0 && !LinkOptions.IsKnown(PortKind))
            return $"it is a port of one of the kind {PortKind}";
        if (NetlinkAttributes.Find(_source.Find(Xdp), XdpAttached) is { Length: > 0 } attached && attached[0] != 0)
            return "a BPF program is attached to it (XDP)";
        if (_source.Find(OtherNames).Length > 0)
            return "it has other names (altname)";
        if (Kind == "bridge" && NetlinkAttributes.Find(AllData, BridgeVlans) is { Length: > 0 } vlans && vlans[0] != 0)
            return "it is a bridge that filters VLANs (vlan_filtering)";
        if (Kind == TunDevice.Kind)
            return TunDevice.Refusal(AllData, BinaryPrimitives.ReadUInt16LittleEndian(_source.Message.AsSpan(TypeAt)));
        return Kind == "macvlan" && Number(NetlinkAttributes.Find(AllData, MacvlanAddressCount)) != 0
            ? "it is a macvlan with a list of sources" : null;
    }

    /// <summary>What makes it, down and by itself.</summary>
    /// <param name="peer">The other end of a veth, which is made with it.</param>
    public NetworkObject Creation(NetworkLink? peer)
    {
        var writer = new NetlinkWriter();
        Describe(writer);
        if (peer is null && Lower != 0)
            Number(writer, LowerOf, Lower);
        writer.Begin(Information);
        writer.Text(InfoKind, Kind);
        writer.Begin(InfoData);
        if (peer is not null)
        {
            writer.Begin(VethPeer);
            peer.Describe(writer);
            writer.End();
        }
        else
            writer.Raw(Data);
        writer.End();
        writer.End();
        return new(NetworkObjectKind.Link, writer.Bytes.ToArray());
    }

    /// <summary>What sets it once all are there, but for its being up.</summary>
    public IEnumerable<NetworkObject> Settings()
    {
        var writer = new NetlinkWriter();
        Head(writer, Flags & ~Up, Settable & ~Up);
        Keep(writer, Mtu);
        Keep(writer, QueueLength);
        Keep(writer, Alias);
        // It is not made by a message that could tell.
        if (Kind == TunDevice.Kind && _source.Find(Address).Length == EthernetAddress)
            Keep(writer, Address);
        Keep(writer, Group);
        if (Master != 0)
            Number(writer, MasterOf, Master);
        yield return new(NetworkObjectKind.Link, writer.Bytes.ToArray());
        if (PortData.Length == 0)
            yield break;
        var port = new NetlinkWriter();
        Head(port, 0, 0);
        port.Begin(Information);
        port.Text(InfoPortKind, PortKind);
        port.Begin(InfoPortData);
        port.Raw(PortData);
        port.End();
        port.End();
        yield return new(NetworkObjectKind.Link, port.Bytes.ToArray());
    }

    /// <summary>What takes it up.</summary>
    public NetworkObject Raising()
    {
        var writer = new NetlinkWriter();
        Head(writer, Up, Up);
        return new(NetworkObjectKind.Link, writer.Bytes.ToArray());
    }

    /// <summary>What two listings of like interfaces have in common.</summary>
    /// <param name="withUp">Whether it must be up in both.</param>
    public NetworkObject Normalize(bool withUp)
    {
        var writer = new NetlinkWriter();
        Head(writer, Flags & (withUp ? Settable : Settable & ~Up), 0);
        foreach (var type in (ReadOnlySpan<ushort>)[NameOf, Address, Mtu, LowerOf, MasterOf, QueueLength, Alias, Group])
            Keep(writer, type);
        writer.Text(Information, Kind);
        writer.Raw(Data);
        writer.Raw(PortData);
        return new(NetworkObjectKind.Link, writer.Bytes.ToArray());
    }

    private void Describe(NetlinkWriter writer)
    {
        Head(writer, 0, 0);
        Keep(writer, NameOf);
        Keep(writer, Mtu);
        Keep(writer, QueueLength);
        Keep(writer, SendQueues);
        Keep(writer, ReceiveQueues);
        Keep(writer, Group);
        if (_source.Find(Address).Length == EthernetAddress)
            Keep(writer, Address);
    }

    private void Head(NetlinkWriter writer, uint flags, uint change)
    {
        Span<byte> head = stackalloc byte[Size];
        head.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(head[IndexAt..], Index);
        BinaryPrimitives.WriteUInt32LittleEndian(head[FlagsAt..], flags);
        BinaryPrimitives.WriteUInt32LittleEndian(head[ChangeAt..], change);
        writer.Raw(head);
    }

    private void Keep(NetlinkWriter writer, ushort type)
    {
        if (_source.Find(type) is { Length: > 0 } value)
            writer.Attribute(type, value);
    }

    private static void Number(NetlinkWriter writer, ushort type, int value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        writer.Attribute(type, bytes);
    }

    private static int Number(ReadOnlySpan<byte> value) => value.Length == sizeof(int) ? BinaryPrimitives.ReadInt32LittleEndian(value) : 0;
}
