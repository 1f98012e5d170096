namespace CrCore.Kernel;

/// <summary>Protocols of the Internet families (linux/in.h).</summary>
public static class InetProtocol
{
    public const int Icmp = 1, Tcp = 6, Udp = 17, Icmp6 = 58, UdpLite = 136, Raw = 255, MultipathTcp = 262;
}

/// <summary>Calls on sockets of this process that make connections and move data. Results are the call's own, or −errno.</summary>
internal static unsafe class InetCalls
{
    /// <summary>SIOCOUTQNSD of linux/sockios.h: bytes of the send queue that were never sent.</summary>
    public const uint NotSent = 0x894b;

    public static Errno Bind(OwnDescriptor socket, ReadOnlySpan<byte> address)
    {
        fixed (byte* p = address)
            return Libc.ErrnoOf(Libc.Syscall(Sys.bind, socket.Number, (long)p, address.Length));
    }

    public static Errno Connect(OwnDescriptor socket, ReadOnlySpan<byte> address)
    {
        fixed (byte* p = address)
            return Libc.ErrnoOf(Libc.Syscall(Sys.connect, socket.Number, (long)p, address.Length));
    }

    public static Errno Listen(OwnDescriptor socket, int backlog) => Libc.ErrnoOf(Libc.Syscall(Sys.listen, socket.Number, backlog));

    /// <param name="socket">The socket.</param>
    /// <param name="how">SHUT_RD 0, SHUT_WR 1, SHUT_RDWR 2.</param>
    public static Errno Shutdown(OwnDescriptor socket, int how) => Libc.ErrnoOf(Libc.Syscall(Sys.shutdown, socket.Number, how));

    /// <summary>send(2) without waiting and without SIGPIPE.</summary>
    public static long Send(OwnDescriptor socket, ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> address = default)
    {
        fixed (byte* p = bytes)
        fixed (byte* a = address)
            return Libc.Syscall(Sys.sendto, socket.Number, (long)p, bytes.Length, MessageHeader.DontWait | MessageHeader.NoSignal, (long)a, address.Length);
    }

    /// <summary>Copies what a socket would receive, without taking it (MSG_PEEK).</summary>
    public static long Peek(OwnDescriptor socket, Span<byte> buffer)
    {
        fixed (byte* p = buffer)
            return Libc.Syscall(Sys.recvfrom, socket.Number, (long)p, buffer.Length, MessageHeader.Peek | MessageHeader.DontWait, 0, 0);
    }

    /// <summary>Copies the next datagram, tells where it came from and what comes with it; the result is its whole length (MSG_TRUNC).</summary>
    /// <param name="source">Takes the sender's sockaddr.</param>
    /// <param name="control">Takes control messages (cmsg(3)).</param>
    public static long PeekDatagram(OwnDescriptor socket, Span<byte> buffer, Span<byte> source, out int sourceLength, Span<byte> control, out int controlLength)
    {
        fixed (byte* p = buffer, s = source, c = control)
        {
            var vector = new RemoteRange((ulong)p, (ulong)buffer.Length);
            var header = new MessageHeader
            {
                Name = (ulong)s, NameLength = source.Length,
                Vector = (ulong)&vector, VectorLength = 1,
                Control = (ulong)c, ControlLength = (ulong)control.Length,
            };
            var r = Libc.Syscall(Sys.recvmsg, socket.Number, (long)&header, MessageHeader.Peek | MessageHeader.DontWait | MessageHeader.Truncated);
            (sourceLength, controlLength) = r < 0 ? (0, 0) : (Math.Clamp(header.NameLength, 0, source.Length), (int)Math.Min(header.ControlLength, (ulong)control.Length));
            return r;
        }
    }
}
