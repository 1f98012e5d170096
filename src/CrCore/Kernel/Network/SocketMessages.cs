using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace CrCore.Kernel;

/// <summary>A message as recvmsg(2) gave it.</summary>
/// <param name="Length">Bytes of the message, more than were read where the buffer was too small.</param>
/// <param name="Address">The sender's sockaddr; empty for none.</param>
/// <param name="Rights">Descriptors of this process now; the receiver disposes of them.</param>
/// <param name="Flags">MSG_* of the result.</param>
public sealed record ReceivedMessage(long Length, byte[] Address, IReadOnlyList<OwnDescriptor> Rights, SocketCredentials? Credentials, uint Flags);

/// <summary>sendmsg(2) and recvmsg(2) with their control messages.</summary>
public static unsafe class SocketMessages
{
    private const int MaxAddress = 128, PidFdMessage = 4;

    // The most descriptors, credentials, a pidfd and a security label (net/core/scm.c).
    private const int ControlSize = 2048;

    /// <summary>Looks at a message or takes it; null and the errno when there is none.</summary>
    public static ReceivedMessage? TryReceive(OwnDescriptor socket, Span<byte> buffer, int flags, out Errno errno)
    {
        var name = stackalloc byte[MaxAddress];
        var control = stackalloc ulong[ControlSize / sizeof(ulong)];
        fixed (byte* p = buffer)
        {
            var vector = new RemoteRange((ulong)p, (ulong)buffer.Length);
            var header = new MessageHeader
            {
                Name = (ulong)name, NameLength = MaxAddress,
                Vector = (ulong)&vector, VectorLength = 1,
                Control = (ulong)control, ControlLength = ControlSize,
            };
            var r = Libc.Syscall(Sys.recvmsg, socket.Number, (long)&header, flags | MessageHeader.CloseOnExec);
            errno = Libc.ErrnoOf(r);
            if (r < 0)
                return null;
            var address = new ReadOnlySpan<byte>(name, Math.Clamp(header.NameLength, 0, MaxAddress)).ToArray();
            var rights = new List<OwnDescriptor>();
            var credentials = ReadControl(new ReadOnlySpan<byte>(control, (int)Math.Min(header.ControlLength, ControlSize)), rights);
            return new(r, address, rights, credentials, header.Flags);
        }
    }

    /// <summary>
    /// Where in a stream a piece begins: looks with room for <paramref name="room"/> bytes and behind it an address that
    /// nobody can write to. The kernel gives up the piece that does not fit whole (unix_stream_read_generic in
    /// net/unix/af_unix.c), and with it all that comes with it.
    /// </summary>
    /// <returns>The bytes of the pieces that fit, −EFAULT when not even the first does, or another −errno.</returns>
    public static long PeekWholePieces(OwnDescriptor socket, Span<byte> room)
    {
        const ulong nowhere = 8, some = 4096;
        fixed (byte* p = room)
        {
            var vector = stackalloc RemoteRange[] { new((ulong)p, (ulong)room.Length), new(nowhere, some) };
            var header = new MessageHeader { Vector = (ulong)vector, VectorLength = 2 };
            return Libc.Syscall(Sys.recvmsg, socket.Number, (long)&header, MessageHeader.Peek | MessageHeader.DontWait | MessageHeader.CloseOnExec);
        }
    }

    private static SocketCredentials? ReadControl(ReadOnlySpan<byte> control, List<OwnDescriptor> rights)
    {
        SocketCredentials? credentials = null;
        while (control.Length >= ControlHeader.Size)
        {
            var header = MemoryMarshal.Read<ControlHeader>(control);
            if (header.Length < ControlHeader.Size || header.Length > (ulong)control.Length)
                break;
            var data = control[ControlHeader.Size..(int)header.Length];
            if (header is { Level: SocketLevel.Socket, Type: ControlHeader.Rights })
                for (; data.Length >= sizeof(int); data = data[sizeof(int)..])
                    rights.Add(OwnDescriptor.Adopt(BinaryPrimitives.ReadInt32LittleEndian(data)));
            else if (header is { Level: SocketLevel.Socket, Type: ControlHeader.Credentials } && data.Length >= sizeof(SocketCredentials))
                credentials = MemoryMarshal.Read<SocketCredentials>(data);
            else if (header is { Level: SocketLevel.Socket, Type: PidFdMessage } && data.Length >= sizeof(int) && BinaryPrimitives.ReadInt32LittleEndian(data) is >= 0 and var pidfd)
                FileNative.Close(pidfd);
            control = control[Math.Min(control.Length, ((int)header.Length + 7) & ~7)..];
        }
        return credentials;
    }

    /// <summary>Sends without waiting; bytes, or −errno.</summary>
    /// <param name="address">A sockaddr, or nothing for the peer.</param>
    /// <param name="rights">Descriptors of this process to go with it.</param>
    public static long Send(OwnDescriptor socket, ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> address, IReadOnlyList<OwnDescriptor> rights, SocketCredentials? credentials = null)
    {
        var control = BuildControl(rights, credentials);
        fixed (byte* p = bytes, a = address, c = control)
        {
            var vector = new RemoteRange((ulong)p, (ulong)bytes.Length);
            var header = new MessageHeader
            {
                Name = (ulong)a, NameLength = address.Length,
                Vector = (ulong)&vector, VectorLength = 1,
                Control = (ulong)c, ControlLength = (ulong)control.Length,
            };
            return Libc.Syscall(Sys.sendmsg, socket.Number, (long)&header, MessageHeader.DontWait | MessageHeader.NoSignal);
        }
    }

    private static byte[] BuildControl(IReadOnlyList<OwnDescriptor> rights, SocketCredentials? credentials)
    {
        var rightsSize = rights.Count == 0 ? 0 : ControlHeader.Size + (rights.Count * sizeof(int) + 7 & ~7);
        var size = rightsSize + (credentials is null ? 0 : ControlHeader.Size + 16);
        var control = new byte[size];
        if (rights.Count > 0)
        {
            MemoryMarshal.Write(control, new ControlHeader { Length = (ulong)(ControlHeader.Size + rights.Count * sizeof(int)), Level = SocketLevel.Socket, Type = ControlHeader.Rights });
            for (var i = 0; i < rights.Count; i++)
                BinaryPrimitives.WriteInt32LittleEndian(control.AsSpan(ControlHeader.Size + i * sizeof(int)), rights[i].Number);
        }
        if (credentials is { } sender)
        {
            var at = control.AsSpan(rightsSize);
            MemoryMarshal.Write(at, new ControlHeader { Length = (ulong)(ControlHeader.Size + sizeof(SocketCredentials)), Level = SocketLevel.Socket, Type = ControlHeader.Credentials });
            MemoryMarshal.Write(at[ControlHeader.Size..], sender);
        }
        return control;
    }
}
