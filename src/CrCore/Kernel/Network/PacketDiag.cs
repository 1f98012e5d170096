using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace CrCore.Kernel;

/// <summary>The shape of a ring of a packet socket (struct packet_diag_ring of linux/packet_diag.h; tpacket_req3 has the same fields).</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct PacketRing(uint BlockSize, uint BlockCount, uint FrameSize, uint FrameCount, uint RetireTimeout, uint PrivateSize, uint Features)
{
    public const int Size = 28;

    public bool IsThere => BlockCount != 0;
}

/// <summary>What a packet socket lets through besides what is meant for the interface (struct packet_diag_mclist).</summary>
/// <param name="Address">At most 32 bytes.</param>
public sealed record PacketMembership(int Interface, int Count, ushort Type, byte[] Address);

/// <summary>What sock_diag says of a packet socket.</summary>
/// <param name="Protocol">Of the link layer, in host order; 0 for none.</param>
/// <param name="Interface">The index of the one that it is bound to; 0 for all.</param>
public sealed record PacketDiagEntry(ushort Protocol, int Interface, uint CopyThreshold, PacketRing Receive, PacketRing Transmit, IReadOnlyList<PacketMembership> Memberships);

/// <summary>Requests and answers of af_packet_diag (sock_diag(7)).</summary>
public static class PacketDiag
{
    /// <summary>struct packet_diag_req and packet_diag_msg.</summary>
    public const int RequestSize = 20, MessageSize = 16, MembershipSize = 44;

    private const int ProtocolAt = 2, InodeAt = 4, ShowAt = 8, ShowInfo = 1, ShowMemberships = 2, ShowRings = 4;
    private const int Info = 0, MembershipList = 1, ReceiveRing = 2, TransmitRing = 3, CopyThresholdAt = 12;

    /// <summary>All packet sockets, by inode.</summary>
    public static Dictionary<ulong, PacketDiagEntry> List(SockDiag diag)
    {
        var request = new byte[RequestSize];
        request[0] = SocketFamily.Packet;
        BinaryPrimitives.WriteInt32LittleEndian(request.AsSpan(ShowAt), ShowInfo | ShowMemberships | ShowRings);
        var entries = new Dictionary<ulong, PacketDiagEntry>();
        foreach (var message in diag.Dump(request))
            if (message.Length >= MessageSize)
                entries[BinaryPrimitives.ReadUInt32LittleEndian(message.AsSpan(InodeAt))] = Parse(BinaryPrimitives.ReadUInt16LittleEndian(message.AsSpan(ProtocolAt)), message.AsSpan(MessageSize));
        return entries;
    }

    private static PacketDiagEntry Parse(ushort protocol, ReadOnlySpan<byte> attributes)
    {
        uint threshold = 0;
        var index = 0;
        PacketRing receive = default, transmit = default;
        var memberships = new List<PacketMembership>();
        var all = new NetlinkAttributes(attributes);
        while (all.Next(out var type, out var value))
            switch (type)
            {
                case Info when value.Length >= CopyThresholdAt + 4:
                    index = BinaryPrimitives.ReadInt32LittleEndian(value);
                    threshold = BinaryPrimitives.ReadUInt32LittleEndian(value[CopyThresholdAt..]);
                    break;
                case MembershipList:
                    for (; value.Length >= MembershipSize; value = value[MembershipSize..])
                        memberships.Add(new(BinaryPrimitives.ReadInt32LittleEndian(value), BinaryPrimitives.ReadInt32LittleEndian(value[4..]), BinaryPrimitives.ReadUInt16LittleEndian(value[8..]),
                            value.Slice(12, Math.Min(32, (int)BinaryPrimitives.ReadUInt16LittleEndian(value[10..]))).ToArray()));
                    break;
                case ReceiveRing when value.Length >= PacketRing.Size:
                    receive = MemoryMarshal.Read<PacketRing>(value);
                    break;
                case TransmitRing when value.Length >= PacketRing.Size:
                    transmit = MemoryMarshal.Read<PacketRing>(value);
                    break;
            }
        return new(protocol, index, threshold, receive, transmit, memberships);
    }
}
