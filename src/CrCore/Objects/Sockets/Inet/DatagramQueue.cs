using System.Buffers.Binary;
using CrCore.Kernel;

namespace CrCore.Objects.Sockets.Inet;

/// <summary>
/// Looks at the datagrams that wait in a UDP socket and leaves them there: MSG_PEEK from an offset that SO_PEEK_OFF sets. It,
/// and what asks for the address that a datagram was sent to, is put back at once, with the tree frozen.
/// </summary>
internal static class DatagramQueue
{
    private const int PollErr = 8, NoOffset = -1;
    private const int PacketInfo = 8, ReceivePacketInfo6 = 49, PacketInfo6 = 50, ReceiveOffload = 104;

    /// <summary>struct in_pktinfo: interface, local address, then the header's; struct in6_pktinfo begins with it.</summary>
    private const int HeaderAddressAt = 8, AddressSize = 4, Address6Size = 16;

    private const int MaxTotal = 64 << 20;

    /// <summary>
    /// All that waits; null when it cannot be looked at: an error waits before it, which the look would take, or the kernel has
    /// put several into one (UDP_GRO).
    /// </summary>
    public static List<DatagramRecord>? TryRead(OwnDescriptor socket, InetSocketRecord record)
    {
        if ((socket.PollNow(0) & PollErr) != 0 || (SocketCalls.GetNumber(socket, InetOptions.Udp, ReceiveOffload, out var errno) != 0 && errno == Errno.None))
            return null;
        var buffer = new byte[DatagramRecord.MaxBytes];
        // A look that changes nothing: as a rule there is nothing.
        var offset = SocketCalls.GetNumber(socket, SocketLevel.Socket, SocketLevel.PeekOffset, out errno);
        if (errno != Errno.None)
            return null;
        if (offset == NoOffset && InetCalls.Peek(socket, buffer) == -(int)Errno.EAGAIN)
            return [];
        var (level, name) = record.Family == SocketFamily.Inet6 ? (InetOptions.Ip6, ReceivePacketInfo6) : (InetOptions.Ip, PacketInfo);
        var asked = SocketCalls.GetNumber(socket, level, name, out _) != 0;
        try
        {
            if (!asked)
                SocketCalls.SetNumber(socket, level, name, 1);
            SocketCalls.SetNumber(socket, SocketLevel.Socket, SocketLevel.PeekOffset, NoOffset);
            return ReadAll(socket, record, buffer);
        }
        finally
        {
            SocketCalls.SetNumber(socket, SocketLevel.Socket, SocketLevel.PeekOffset, offset);
            if (!asked)
                SocketCalls.SetNumber(socket, level, name, 0);
        }
    }

    private static List<DatagramRecord>? ReadAll(OwnDescriptor socket, InetSocketRecord record, byte[] buffer)
    {
        var found = new List<DatagramRecord>();
        Span<byte> source = stackalloc byte[32];
        var control = new byte[512];
        for (var at = 0; ;)
        {
            var n = InetCalls.PeekDatagram(socket, buffer, source, out var sourceLength, control, out var controlLength);
            if (n == -(int)Errno.EAGAIN)
                return found;
            if (n < 0 || n > buffer.Length || InetAddress.FromSockaddr(source[..sourceLength]) is not { } from)
                return null;
            if (Destination(control.AsSpan(0, controlLength), record) is not { } to)
                return null;
            found.Add(new(from, to, buffer.AsSpan(0, (int)n).ToArray()));
            // Without an offset the first is seen whatever it is; with one, an empty one is seen only once.
            at += (int)n;
            if (at > MaxTotal || SocketCalls.SetNumber(socket, SocketLevel.Socket, SocketLevel.PeekOffset, at) != Errno.None)
                return null;
        }
    }

    private static InetAddress? Destination(ReadOnlySpan<byte> control, InetSocketRecord record)
    {
        for (; control.Length >= ControlHeader.Size;)
        {
            var header = System.Runtime.InteropServices.MemoryMarshal.Read<ControlHeader>(control);
            if (header.Length < ControlHeader.Size || header.Length > (ulong)control.Length)
                return null;
            var data = control[ControlHeader.Size..(int)header.Length];
            if (header is { Level: InetOptions.Ip, Type: PacketInfo } && data.Length >= HeaderAddressAt + AddressSize)
                return new(false, 0, BinaryPrimitives.ReadUInt32BigEndian(data[HeaderAddressAt..]), record.Local.Port, 0, 0);
            if (header is { Level: InetOptions.Ip6, Type: PacketInfo6 } && data.Length >= Address6Size)
                return new(true, BinaryPrimitives.ReadUInt64BigEndian(data), BinaryPrimitives.ReadUInt64BigEndian(data[8..]), record.Local.Port, 0, 0);
            control = control[Math.Min(control.Length, ((int)header.Length + 7) & ~7)..];
        }
        return null;
    }

    /// <summary>Whether it can be sent once more to the socket alone.</summary>
    public static bool CanBeSent(DatagramRecord datagram)
        => !datagram.Destination.IsMulticast && datagram.Destination.Unmapped() is not { IsV6: false, Low: uint.MaxValue } && datagram.Source.Port != 0;
}
