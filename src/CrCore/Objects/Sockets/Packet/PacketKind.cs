using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Sockets.Packet;

/// <summary>
/// Sockets of packet(7): the protocol and interface that they are bound to, options, memberships, fanout, and the shape of
/// their rings. What waits in them is lost, as the network may lose it.
/// </summary>
internal sealed class PacketKind : IDescriptorKind
{
    /// <summary>SOL_PACKET and its options (linux/if_packet.h).</summary>
    private const int Level = 263, AddMembership = 1, ReceiveRing = 5, CopyThreshold = 7, TransmitRing = 13, Fanout = 18;

    private const int FanoutClassicBpf = 6, FanoutExtendedBpf = 7, FanoutUniqueId = 0x2000;

    /// <summary>What shapes a ring has to stand before it is made.</summary>
    private static readonly IReadOnlyList<SocketOption> _beforeRings = [new(Level, 10, "PACKET_VERSION"), new(Level, 12, "PACKET_RESERVE"), new(Level, 15, "PACKET_VNET_HDR"), new(Level, 19, "PACKET_TX_HAS_OFF")];

    private static readonly IReadOnlyList<SocketOption> _options =
    [
        new(Level, 8, "PACKET_AUXDATA"),
        new(Level, 9, "PACKET_ORIGDEV"),
        new(Level, 14, "PACKET_LOSS"),
        new(Level, 17, "PACKET_TIMESTAMP"),
        new(Level, 20, "PACKET_QDISC_BYPASS"),
        new(Level, 23, "PACKET_IGNORE_OUTGOING"),
    ];

    public IReadOnlyList<FdType> Types { get; } = [FdType.PacketSocket];

    public IEnumerable<RecordType> Records => [new(PacketSocketRecord.Id, "PACKET_SOCKET", PacketSocketRecord.Read, PacketSocketRecord.MaxPayload)];

    public bool Claims(Descriptor d) => d.Socket is { Family: SocketFamily.Packet, Type: SocketType.Raw or SocketType.Datagram or SocketType.OldPacket };

    public void Inspect(DescriptorInspection inspection, Descriptor d)
    {
        using var own = SocketParts.Look(inspection, d);
        if (own is null)
            return;
        if (FanoutType(own) is FanoutClassicBpf or FanoutExtendedBpf)
            inspection.Refuse(d, "CrPacketFanout", "a program chooses among its sockets (PACKET_FANOUT_CBPF, PACKET_FANOUT_EBPF), which the kernel does not give back");
        var entry = Facts.Of(inspection.Context.States, inspection.Context.Proc, inspection.Context.Root.Pid, d.Status.Inode);
        if (entry is null && d.Socket!.Type == SocketType.OldPacket)
            inspection.Refuse(d, "CrPacketProtocol", "which protocol a socket of type SOCK_PACKET gets is told by a kernel with CONFIG_PACKET_DIAG alone");
        if (entry is { Receive.IsThere: true })
            inspection.Warn(d, "CrPacketRing", "frames that wait in its ring are not kept, and the new ring begins at its first frame");
    }

    public SavedForm Capture(DescriptorCapture capture, Descriptor d)
    {
        using var own = capture.Borrow(d);
        var entry = Facts.Of(capture.Context.States, capture.Context.Proc, capture.Context.Root.Pid, d.Status.Inode);
        using var names = NetworkNamespace.Run(capture.Context.Proc, capture.Context.Root.Pid, InterfaceNames.Read);
        var (protocol, index) = entry is null ? Bound(own) : (entry.Protocol, entry.Interface);
        var record = new PacketSocketRecord
        {
            SocketType = d.Socket!.Type,
            Protocol = protocol,
            Interface = names.Of(index),
            Fanout = (uint)SocketCalls.GetNumber(own, Level, Fanout, out _),
            CopyThreshold = entry?.CopyThreshold ?? 0,
            Receive = entry?.Receive ?? default,
            Transmit = entry?.Transmit ?? default,
            Memberships = [.. (entry?.Memberships ?? []).Select(m => new SavedPacketMembership(names.Of(m.Interface), m.Count, m.Type, m.Address))],
        };
        return new(FdType.PacketSocket, $"packet({record.Protocol:x4}) {record.Interface}".TrimEnd(), Records: SocketParts.Capture(own, d, record, _beforeRings, _options, SocketOptions.Common));
    }

    public void Check(CheckContext context, SavedDescription saved) => Require(saved);

    /// <summary>
    /// Made without a protocol, so that nothing reaches it before it is bound; but one of type SOCK_PACKET has that of its
    /// making for ever (packet_bind_spkt in net/packet/af_packet.c).
    /// </summary>
    public Action? Restore(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        var record = Require(saved);
        SocketParts.Make(server, saved, SocketFamily.Packet, record.SocketType, IsOld(record) ? BinaryPrimitives.ReverseEndianness(record.Protocol) : 0, batch);
        return () => Make(server, saved, record);
    }

    private static void Make(DescriptorServer server, SavedDescription saved, PacketSocketRecord record)
    {
        using var own = server.Borrow(server.NumberOf(saved), saved.Label);
        using var names = NetworkNamespace.Run(server.Context.Proc, server.Context.Root.Pid, InterfaceNames.Read);
        SocketFilter.Restore(own, saved);
        SocketOptions.Restore(own, saved, o => o.Level == Level && IsBeforeRings(o.Name));
        SetRing(own, saved, ReceiveRing, record.Receive);
        SetRing(own, saved, TransmitRing, record.Transmit);
        if (record.CopyThreshold != 0)
            Must(saved, "setting PACKET_COPY_THRESH of", SocketCalls.SetNumber(own, Level, CopyThreshold, (int)record.CopyThreshold));
        foreach (var (name, count, type, address) in record.Memberships)
            for (var i = 0; i < count; i++)
                Must(saved, $"adding a membership on {name} to", SocketCalls.SetOption(own, Level, AddMembership, Membership(names.Require(saved, name), type, address)));
        if (IsOld(record) && record.Interface.Length > 0)
            Must(saved, "binding", InetCalls.Bind(own, OldAddress(record.Interface)));
        else if (!IsOld(record) && (record.Protocol != 0 || record.Interface.Length > 0))
            Must(saved, "binding", InetCalls.Bind(own, Address(record.Protocol, record.Interface.Length > 0 ? names.Require(saved, record.Interface) : 0)));
        if (record.Fanout != 0)
            Must(saved, "setting PACKET_FANOUT of", SocketCalls.SetNumber(own, Level, Fanout, unchecked((int)(record.Fanout & ~((uint)FanoutUniqueId << 16)))));
        SocketOptions.Restore(own, saved, o => o.Level != Level || !IsBeforeRings(o.Name));
    }

    private static bool IsBeforeRings(int name)
    {
        foreach (var option in _beforeRings)
            if (option.Name == name)
                return true;
        return false;
    }

    /// <summary>struct tpacket_req3; the first two versions of rings take the first four fields alone (struct tpacket_req).</summary>
    private static void SetRing(OwnDescriptor own, SavedDescription saved, int option, PacketRing ring)
    {
        if (!ring.IsThere)
            return;
        const int version3 = 2, sizeOfFirst = 16;
        var isThird = SocketCalls.GetNumber(own, Level, 10, out _) == version3;
        // Not the kernel's own sum: diag tells the frames, and a transmit ring of version 3 takes none of the last fields.
        var request = option == TransmitRing ? ring with { RetireTimeout = 0, PrivateSize = 0, Features = 0 } : ring;
        Must(saved, "making a ring of", SocketCalls.SetOption(own, Level, option, MemoryMarshal.AsBytes(new ReadOnlySpan<PacketRing>(in request))[..(isThird ? PacketRing.Size : sizeOfFirst)]));
    }

    private static bool IsOld(PacketSocketRecord record) => record.SocketType == SocketType.OldPacket;

    private static (ushort Protocol, int Index) Bound(OwnDescriptor own)
    {
        SocketCalls.GetName(own, out var name);
        return (BinaryPrimitives.ReadUInt16BigEndian(name.AsSpan(2)), BinaryPrimitives.ReadInt32LittleEndian(name.AsSpan(4)));
    }

    /// <summary>struct sockaddr with the interface's name, which is what packet_bind_spkt takes.</summary>
    private static byte[] OldAddress(string name)
    {
        var s = new byte[16];
        BinaryPrimitives.WriteUInt16LittleEndian(s, SocketFamily.Packet);
        Encoding.ASCII.GetBytes(name, s.AsSpan(2, 13));
        return s;
    }

    /// <summary>struct sockaddr_ll.</summary>
    private static byte[] Address(ushort protocol, int index)
    {
        var s = new byte[20];
        BinaryPrimitives.WriteUInt16LittleEndian(s, SocketFamily.Packet);
        BinaryPrimitives.WriteUInt16BigEndian(s.AsSpan(2), protocol);
        BinaryPrimitives.WriteInt32LittleEndian(s.AsSpan(4), index);
        return s;
    }

    /// <summary>struct packet_mreq, with room for addresses of any length (packet_mreq_max in net/packet/af_packet.c).</summary>
    private static byte[] Membership(int index, ushort type, byte[] address)
    {
        var m = new byte[8 + Math.Max(8, address.Length)];
        BinaryPrimitives.WriteInt32LittleEndian(m, index);
        BinaryPrimitives.WriteUInt16LittleEndian(m.AsSpan(4), type);
        BinaryPrimitives.WriteUInt16LittleEndian(m.AsSpan(6), (ushort)address.Length);
        address.CopyTo(m, 8);
        return m;
    }

    private static int FanoutType(OwnDescriptor own) => SocketCalls.GetNumber(own, Level, Fanout, out _) >> 16 & 0xff;

    internal static void Must(SavedDescription saved, string what, Errno errno) => SocketParts.Must(saved, "CrPacketFailed", what, errno, "CAP_NET_RAW");

    private static PacketSocketRecord Require(SavedDescription saved) => SocketParts.Require<PacketSocketRecord>(saved, "PACKET_SOCKET");

    /// <summary>The kernel's list of packet sockets, asked for once.</summary>
    private sealed class Facts(Dictionary<ulong, PacketDiagEntry> entries)
    {
        public static PacketDiagEntry? Of(KindStates states, ProcReader proc, int pid, ulong inode)
            => states.Get(() =>
            {
                using var diag = SockDiag.Open(proc, pid);
                return new Facts(PacketDiag.List(diag));
            }).Find(inode);

        private PacketDiagEntry? Find(ulong inode) => entries.GetValueOrDefault(inode);
    }
}
