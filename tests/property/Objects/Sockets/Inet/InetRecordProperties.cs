using System.Buffers.Binary;
using System.Net;
using CrCore;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Sockets.Inet;
using FsCheck.Xunit;
using Xunit;

namespace CrProperty.Objects.Sockets.Inet;

/// <summary>Records of Internet sockets come out of their payloads as they went in; addresses and segments are as the wire has them.</summary>
public class InetRecordProperties
{
    [Property]
    public void Socket(bool v6, byte type, byte protocol, byte state, byte flags, ushort backlog, uint uid, ulong high, ulong low, ushort port, uint scope)
    {
        var address = Address(v6, high, low, port, scope);
        Same(new InetSocketRecord
        {
            Family = v6 ? SocketFamily.Inet6 : SocketFamily.Inet,
            SocketType = 1 + type % 3,
            Protocol = protocol,
            State = (TcpState)(state % 12),
            IsBound = (flags & 1) != 0,
            HasRemote = (flags & 2) != 0,
            HasError = (flags & 4) != 0,
            Shutdown = flags >> 3 & 3,
            Backlog = backlog,
            Uid = uid,
            Gid = ~uid,
            Local = address,
            Remote = address with { Port = (ushort)~port },
            Device = port % 2 == 0 ? "" : "eth0",
        });
    }

    [Property]
    public void Connection(uint send, uint receive, ushort length, ushort unsent, byte options, bool fin, uint clock) => Same(new TcpConnectionRecord
    {
        SendSequence = send,
        ReceiveSequence = receive,
        SendLength = length,
        UnsentLength = Math.Min(length, unsent),
        ReceiveLength = unsent,
        FinSent = fin,
        MaxSegment = length,
        Options = options,
        SendScale = (byte)(options & 15),
        ReceiveScale = (byte)(options >> 4),
        Timestamp = clock,
        Window = new(send, clock, receive, length, unsent),
        Hold = fin ? "crmodule-0" : "",
    });

    [Property]
    public void Data(bool isSend, byte[] bytes) => Same(new TcpDataRecord(isSend, bytes));

    [Property]
    public void Membership(uint index, ulong high, ulong low, byte sources) => Same(new MembershipRecord(index, Address(true, high, low, 0, 0), new byte[144 + sources % 65 * 128]));

    [Fact]
    public void MoreUnsentThanThereIsIsAnError()
        => Assert.Throws<CrImageException>(() => RecordCode.Again(new TcpConnectionRecord { SendSequence = 0, ReceiveSequence = 0, SendLength = 1, UnsentLength = 2, ReceiveLength = 0 }));

    [Theory]
    [InlineData(1, 1, 6)]
    [InlineData(2, 5, 6)]
    [InlineData(10, 1, 262)]
    public void ASocketThatIsNoneOfTheInternetsIsAnError(int family, int type, int protocol)
        => Assert.Throws<CrImageException>(() => RecordCode.Again(new InetSocketRecord { Family = family, SocketType = type, Protocol = protocol }));

    [Property]
    public void ASockaddrComesOutAsItWentIn(bool v6, ulong high, ulong low, ushort port, uint scope)
    {
        var address = Address(v6, high, low, port, scope);
        Assert.Equal(address, InetAddress.FromSockaddr(address.ToSockaddr()));
    }

    [Theory]
    [InlineData("127.0.0.1", true, false, false)]
    [InlineData("224.0.0.251", false, true, false)]
    [InlineData("0.0.0.0", false, false, true)]
    [InlineData("::1", true, false, false)]
    [InlineData("ff02::fb", false, true, false)]
    [InlineData("::", false, false, true)]
    [InlineData("::ffff:127.0.0.1", true, false, false)]
    [InlineData("192.0.2.7", false, false, false)]
    public void WhatAddressesAre(string text, bool loopback, bool multicast, bool any)
    {
        var address = Parse(text, 80);
        Assert.Equal((loopback, multicast, any), (address.IsLoopback, address.IsMulticast, address.IsAny));
        Assert.Equal(IPEndPoint.Parse(text.Contains("::", StringComparison.Ordinal) ? $"[{text}]:80" : $"{text}:80").ToString(), address.ToString());
    }

    [Fact]
    public void AMappedAddressTravelsAsWhatItIs() => Assert.Equal(Parse("10.1.2.3", 7), Parse("::ffff:10.1.2.3", 7).Unmapped());

    /// <summary>The sum over a segment with its pseudo-header, checksum included, is all ones (RFC 9293, 3.1).</summary>
    [Property]
    public void ASegmentsChecksumIsRight(bool v6, ulong high, ulong low, ushort port, uint sequence, uint acknowledged, byte flags, ushort window)
    {
        var (from, to) = (Address(v6, high, low, port, 0), Address(v6, low, high, (ushort)~port, 0));
        var packet = TcpSegment.Build(from.Bytes(), from.Port, to.Bytes(), to.Port, sequence, acknowledged, flags, window);
        var tcp = packet.AsSpan(v6 ? 40 : 20);
        Assert.Equal(20, tcp.Length);
        Assert.Equal(0xffffu, Folded(Sum(from.Bytes()) + Sum(to.Bytes()) + 6 + 20 + Sum(tcp)));
        if (!v6)
            Assert.Equal(0xffffu, Folded(Sum(packet.AsSpan(0, 20))));
        Assert.Equal((sequence, acknowledged, window), (BinaryPrimitives.ReadUInt32BigEndian(tcp[4..]), BinaryPrimitives.ReadUInt32BigEndian(tcp[8..]), BinaryPrimitives.ReadUInt16BigEndian(tcp[14..])));
    }

    [Property]
    public void Datagram(bool v6, ulong high, ulong low, ushort port, byte[] bytes)
        => Same(new DatagramRecord(Address(v6, high, low, port, 0), Address(v6, low, high, (ushort)~port, 0), bytes));

    [Fact]
    public void ADatagramBetweenFamiliesIsAnError()
        => Assert.Throws<CrImageException>(() => RecordCode.Again(new DatagramRecord(Address(false, 0, 1, 1, 0), Address(true, 1, 1, 1, 0), new byte[1])));

    [Property]
    public void ADatagramsChecksumIsRight(bool v6, ulong high, ulong low, ushort port, byte[] bytes)
    {
        var (from, to) = (Address(v6, high, low, port, 0), Address(v6, low, high, (ushort)~port, 0));
        var packet = UdpDatagram.Build(from.Bytes(), from.Port, to.Bytes(), to.Port, bytes);
        var udp = packet.AsSpan(v6 ? 40 : 20);
        Assert.Equal(8 + bytes.Length, udp.Length);
        Assert.Equal(bytes, udp[8..].ToArray());
        Assert.Equal(0xffffu, Folded(Sum(from.Bytes()) + Sum(to.Bytes()) + 17 + (uint)udp.Length + Sum(udp)));
    }

    private static uint Sum(ReadOnlySpan<byte> bytes)
    {
        var sum = 0u;
        for (var i = 0; i < bytes.Length; i += 2)
            sum += i + 1 < bytes.Length ? BinaryPrimitives.ReadUInt16BigEndian(bytes[i..]) : (uint)bytes[i] << 8;
        return sum;
    }

    private static uint Folded(uint sum)
    {
        while (sum > 0xffff)
            sum = (sum & 0xffff) + (sum >> 16);
        return sum;
    }

    private static InetAddress Address(bool v6, ulong high, ulong low, ushort port, uint scope)
        => v6 ? new(true, high, low, port, scope >> 12, scope) : new(false, 0, (uint)low, port, 0, 0);

    private static InetAddress Parse(string text, ushort port)
    {
        var bytes = IPAddress.Parse(text).GetAddressBytes();
        return bytes.Length == 4 ? new(false, 0, BinaryPrimitives.ReadUInt32BigEndian(bytes), port, 0, 0)
            : new(true, BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes.AsSpan(8)), port, 0, 0);
    }

    private static void Same(ICrRecord record) => Assert.Equal(record, RecordCode.Again(record));
}
