using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Sockets.Packet;

/// <summary>What a packet socket has asked its interface for (PACKET_ADD_MEMBERSHIP).</summary>
/// <param name="Interface">By its name.</param>
/// <param name="Count">How often it was asked for.</param>
/// <param name="Type">PACKET_MR_*.</param>
/// <param name="Address">Of the link layer, for those that are of one.</param>
public sealed record SavedPacketMembership(string Interface, int Count, ushort Type, byte[] Address);

/// <summary>PACKET_SOCKET (535): a socket of packet(7). Its options are in SOCKET_OPTIONS.</summary>
public sealed record PacketSocketRecord : ICrRecord
{
    internal const short Id = 535;
    private const int InterfaceSize = 16, MaxMemberships = 4096, MembershipSize = InterfaceSize + 12;
    internal const int MaxPayload = 40 + 2 * PacketRing.Size + 4 + MaxMemberships * (MembershipSize + 32);

    /// <inheritdoc/>
    public short Type => Id;
    /// <inheritdoc/>
    public uint Parent => 0;

    /// <summary>SOCK_RAW 3, SOCK_DGRAM 2, SOCK_PACKET 10.</summary>
    public required int SocketType { get; init; }

    /// <summary>The protocol of the link layer whose frames it gets, in host order; 0 for none.</summary>
    public required ushort Protocol { get; init; }

    /// <summary>The interface that it is bound to, or "" for all.</summary>
    public string Interface { get; init; } = "";

    /// <summary>PACKET_FANOUT as getsockopt(2) gives it; 0 for none.</summary>
    public uint Fanout { get; init; }

    /// <summary>PACKET_COPY_THRESH.</summary>
    public uint CopyThreshold { get; init; }

    /// <summary>The ring that frames come in by (PACKET_RX_RING of packet(7)); all 0 for none.</summary>
    public PacketRing Receive { get; init; }

    /// <summary>The ring that frames go out by (PACKET_TX_RING); all 0 for none.</summary>
    public PacketRing Transmit { get; init; }

    /// <summary>What it has asked interfaces for: groups, or all that passes by.</summary>
    public IReadOnlyList<SavedPacketMembership> Memberships { get; init; } = [];

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.I32(SocketType);
        w.U16(Protocol);
        w.U16(0);
        w.U32(Fanout);
        w.U32(CopyThreshold);
        w.FixedText(Interface, InterfaceSize);
        WriteRing(ref w, Receive);
        WriteRing(ref w, Transmit);
        w.U32((uint)Memberships.Count);
        foreach (var (name, count, type, address) in Memberships)
        {
            w.FixedText(name, InterfaceSize);
            w.I32(count);
            w.U16(type);
            w.U16(0);
            w.Blob(address);
        }
    }

    internal static PacketSocketRecord Read(uint parent, ref FieldReader r)
    {
        var type = r.I32();
        var protocol = r.U16();
        r.U16();
        uint fanout = r.U32(), threshold = r.U32();
        var name = r.FixedText(InterfaceSize);
        PacketRing receive = ReadRing(ref r), transmit = ReadRing(ref r);
        var count = r.Count(MembershipSize);
        if (type is not (Kernel.SocketType.Raw or Kernel.SocketType.Datagram or Kernel.SocketType.OldPacket) || count > MaxMemberships)
            throw r.Bad($"a packet socket of type {type} with {count} memberships is none");
        var memberships = new List<SavedPacketMembership>(count);
        for (var i = 0; i < count; i++)
        {
            var where = r.FixedText(InterfaceSize);
            var times = r.I32();
            var what = r.U16();
            r.U16();
            memberships.Add(new(where, times, what, r.Blob(32)));
        }
        return new() { SocketType = type, Protocol = protocol, Interface = name, Fanout = fanout, CopyThreshold = threshold, Receive = receive, Transmit = transmit, Memberships = memberships };
    }

    private static void WriteRing(ref FieldWriter w, in PacketRing ring)
    {
        w.U32(ring.BlockSize);
        w.U32(ring.BlockCount);
        w.U32(ring.FrameSize);
        w.U32(ring.FrameCount);
        w.U32(ring.RetireTimeout);
        w.U32(ring.PrivateSize);
        w.U32(ring.Features);
    }

    private static PacketRing ReadRing(ref FieldReader r) => new(r.U32(), r.U32(), r.U32(), r.U32(), r.U32(), r.U32(), r.U32());
}
