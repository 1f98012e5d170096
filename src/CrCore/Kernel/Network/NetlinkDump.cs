using System.Buffers.Binary;

namespace CrCore.Kernel;

/// <summary>Asks a netlink(7) family of the kernel for all that it has of a kind.</summary>
internal sealed class NetlinkDump : IDisposable
{
    private const int HeaderSize = 16, BufferSize = 64 * 1024, Attempts = 10;
    private const ushort MessageError = 2, MessageDone = 3;
    private const ushort FlagRequest = 1, FlagDump = 0x300, FlagDumpInterrupted = 0x10;

    private readonly OwnDescriptor _socket;
    private uint _sequence;

    private NetlinkDump(OwnDescriptor socket) => _socket = socket;

    /// <summary>A socket of the network namespace that the calling thread is in; null and the errno when there is no such family.</summary>
    public static NetlinkDump? TryOpen(int protocol, out Errno errno)
        => SocketCalls.TryMake(SocketFamily.Netlink, SocketType.Raw, protocol, out errno) is { } socket ? new(socket) : null;

    /// <summary>Adds the messages that answer a request, without their nlmsghdr. EAGAIN: the list changed all the time.</summary>
    public Errno TryAsk(ushort type, ReadOnlySpan<byte> request, List<byte[]> messages)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            messages.Clear();
            if (Send(type, request) is var sent && sent != Errno.None)
                return sent;
            // Something came or went meanwhile, and the kernel says that its list has holes: once more.
            if (Receive(messages, out var whole) is var errno && (errno != Errno.None || whole))
                return errno;
        }
        return Errno.EAGAIN;
    }

    private Errno Send(ushort type, ReadOnlySpan<byte> request)
    {
        var message = new byte[HeaderSize + request.Length];
        BinaryPrimitives.WriteInt32LittleEndian(message, message.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(4), type);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(6), FlagRequest | FlagDump);
        BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(8), ++_sequence);
        request.CopyTo(message.AsSpan(HeaderSize));
        var n = _socket.Write(message);
        return n == message.Length ? Errno.None : n < 0 ? (Errno)(-n) : Errno.EIO;
    }

    private Errno Receive(List<byte[]> messages, out bool whole)
    {
        var buffer = new byte[BufferSize];
        whole = true;
        while (true)
        {
            var n = _socket.Read(buffer);
            if (n == -(int)Errno.EINTR)
                continue;
            if (n <= 0)
                return n < 0 ? (Errno)(-n) : Errno.EIO;
            var rest = buffer.AsSpan(0, (int)n);
            while (rest.Length >= HeaderSize)
            {
                var length = BinaryPrimitives.ReadInt32LittleEndian(rest);
                if (length < HeaderSize || length > rest.Length)
                    return Errno.EBADMSG;
                var type = BinaryPrimitives.ReadUInt16LittleEndian(rest[4..]);
                var flags = BinaryPrimitives.ReadUInt16LittleEndian(rest[6..]);
                var payload = rest[HeaderSize..length];
                whole &= (flags & FlagDumpInterrupted) == 0;
                if (type == MessageDone)
                    return payload.Length >= 4 && BinaryPrimitives.ReadInt32LittleEndian(payload) is < 0 and var code ? (Errno)(-code) : Errno.None;
                if (type == MessageError)
                    return payload.Length >= 4 ? (Errno)(-BinaryPrimitives.ReadInt32LittleEndian(payload)) : Errno.EBADMSG;
                messages.Add(payload.ToArray());
                rest = rest[Math.Min(rest.Length, (length + 3) & ~3)..];
            }
        }
    }

    public void Dispose() => _socket.Dispose();
}
