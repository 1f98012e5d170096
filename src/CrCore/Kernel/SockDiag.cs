using System.Buffers.Binary;

namespace CrCore.Kernel;

/// <summary>Asks the kernel for all sockets of a network namespace (sock_diag(7)).</summary>
public sealed unsafe class SockDiag : IDisposable
{
    private const int NetlinkSockDiag = 4, HeaderSize = 16, BufferSize = 64 * 1024, Attempts = 10;
    private const ushort ByFamily = 20, MessageError = 2, MessageDone = 3;
    private const ushort FlagRequest = 1, FlagDump = 0x300, FlagDumpInterrupted = 0x10;

    private readonly OwnDescriptor _socket;
    private uint _sequence;

    private SockDiag(OwnDescriptor socket) => _socket = socket;

    /// <summary>For the network namespace of a task.</summary>
    /// <exception cref="CrKernelException">The namespace may not be entered, or this kernel has no sock_diag.</exception>
    public static SockDiag Open(ProcReader proc, int pid)
        => NetworkNamespace.Run(proc, pid, () => new SockDiag(SocketCalls.TryMake(SocketFamily.Netlink, SocketType.Raw, NetlinkSockDiag, out var errno)
            ?? throw KernelError.Create("CrSockDiag", "Opening a netlink socket for sock_diag", errno, pid, null, "A kernel with CONFIG_NET_DIAG is needed.")));

    /// <summary>Sends a request of a family (struct unix_diag_req, inet_diag_req_v2, …) and gives the messages that answer it, without their nlmsghdr.</summary>
    /// <exception cref="CrKernelException">ENOENT: the kernel has no such handler (unix_diag, tcp_diag, …).</exception>
    public List<byte[]> Dump(ReadOnlySpan<byte> request)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            Send(request);
            var messages = new List<byte[]>();
            // Sockets came or went meanwhile, and the kernel says that its list has holes: once more.
            if (Receive(messages))
                return messages;
        }
        throw KernelError.Create("CrSockDiag", "Listing sockets", Errno.EAGAIN, 0, null, "Sockets come and go too fast; try again.");
    }

    private void Send(ReadOnlySpan<byte> request)
    {
        var message = new byte[HeaderSize + request.Length];
        BinaryPrimitives.WriteInt32LittleEndian(message, message.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(4), ByFamily);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(6), FlagRequest | FlagDump);
        BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(8), ++_sequence);
        request.CopyTo(message.AsSpan(HeaderSize));
        var n = _socket.Write(message);
        if (n != message.Length)
            throw Failed(n);
    }

    /// <returns>False when the list was interrupted.</returns>
    private bool Receive(List<byte[]> messages)
    {
        var buffer = new byte[BufferSize];
        var whole = true;
        while (true)
        {
            var n = _socket.Read(buffer);
            if (n == -(int)Errno.EINTR)
                continue;
            if (n <= 0)
                throw Failed(n);
            var rest = buffer.AsSpan(0, (int)n);
            while (rest.Length >= HeaderSize)
            {
                var length = BinaryPrimitives.ReadInt32LittleEndian(rest);
                if (length < HeaderSize || length > rest.Length)
                    throw Failed(-(int)Errno.EBADMSG);
                var type = BinaryPrimitives.ReadUInt16LittleEndian(rest[4..]);
                var flags = BinaryPrimitives.ReadUInt16LittleEndian(rest[6..]);
                var payload = rest[HeaderSize..length];
                whole &= (flags & FlagDumpInterrupted) == 0;
                if (type == MessageDone)
                    return payload.Length >= 4 && BinaryPrimitives.ReadInt32LittleEndian(payload) is < 0 and var code ? throw Failed(code) : whole;
                if (type == MessageError)
                    throw Failed(payload.Length >= 4 ? BinaryPrimitives.ReadInt32LittleEndian(payload) : -(int)Errno.EBADMSG);
                messages.Add(payload.ToArray());
                rest = rest[Math.Min(rest.Length, (length + 3) & ~3)..];
            }
        }
    }

    private static CrKernelException Failed(long result)
        => KernelError.Create("CrSockDiag", "Listing sockets through sock_diag", result < 0 ? (Errno)(-result) : Errno.EIO, 0, null,
            result == -(int)Errno.ENOENT ? "The kernel lacks the module that tells of these sockets (unix_diag, tcp_diag, udp_diag, raw_diag, netlink_diag, af_packet_diag)." : null);

    public void Dispose() => _socket.Dispose();
}

/// <summary>Walks the attributes behind a message's fixed part (struct nlattr of linux/netlink.h).</summary>
public ref struct NetlinkAttributes(ReadOnlySpan<byte> bytes)
{
    private const int HeaderSize = 4;
    private const ushort TypeMask = 0x3fff;

    private ReadOnlySpan<byte> _rest = bytes;

    public bool Next(out int type, out ReadOnlySpan<byte> value)
    {
        type = 0;
        value = default;
        if (_rest.Length < HeaderSize)
            return false;
        var length = BinaryPrimitives.ReadUInt16LittleEndian(_rest);
        if (length < HeaderSize || length > _rest.Length)
            return false;
        type = BinaryPrimitives.ReadUInt16LittleEndian(_rest[2..]) & TypeMask;
        value = _rest[HeaderSize..length];
        _rest = _rest[Math.Min(_rest.Length, (length + 3) & ~3)..];
        return true;
    }
}
