using System.Buffers.Binary;

namespace CrCore.Kernel;

/// <summary>Lists, makes and removes what the calling thread's network namespace consists of, by rtnetlink(7).</summary>
internal sealed class RouteNetlink : IDisposable
{
    // NLM_F_* of linux/netlink.h.
    public const ushort Replace = 0x100, Exclusive = 0x200, Create = 0x400, Append = 0x800;

    private const int Protocol = 0, AnswerSize = 64 * 1024;
    private const ushort Request = 1, Acknowledge = 4, Removal = 1, Listing = 2, ErrorMessage = 2;

    private readonly OwnDescriptor _socket;
    private readonly NetlinkDump _dump;
    private readonly byte[] _answer = new byte[AnswerSize];
    private uint _sequence;

    private RouteNetlink(OwnDescriptor socket, NetlinkDump dump)
    {
        _socket = socket;
        _dump = dump;
    }

    /// <summary>Null and the errno when no socket could be made.</summary>
    public static RouteNetlink? TryOpen(out Errno errno)
    {
        if (SocketCalls.TryMake(SocketFamily.Netlink, SocketType.Raw, Protocol, out errno) is not { } socket)
            return null;
        if (NetlinkDump.TryOpen(Protocol, out errno) is { } dump)
            return new(socket, dump);
        socket.Dispose();
        return null;
    }

    /// <summary>All of a kind and an address family, as the kernel lists them.</summary>
    /// <returns>EPERM, EAGAIN: not all could be seen. A kernel without the family has none of it.</returns>
    public Errno List(NetworkObjectKind kind, byte family, List<NetworkObject> objects)
    {
        var request = new byte[NetworkObject.FixedSize(kind)];
        request[0] = family;
        var messages = new List<byte[]>();
        var errno = _dump.TryAsk((ushort)((ushort)kind + Listing), request, messages);
        foreach (var m in messages)
            // Who asks for a family that the kernel does not have gets those of all.
            if (m.Length >= request.Length && m[0] == family)
                objects.Add(new(kind, m));
        return errno is Errno.EPERM or Errno.EAGAIN ? errno : Errno.None;
    }

    /// <param name="flags">How: <see cref="Replace"/>, <see cref="Exclusive"/>, <see cref="Create"/>, <see cref="Append"/>.</param>
    public Errno Make(NetworkObject what, ushort flags) => Do((ushort)what.Kind, flags, what.Message);

    public Errno Remove(NetworkObject what) => Do((ushort)((ushort)what.Kind + Removal), 0, what.Message);

    private Errno Do(ushort type, ushort flags, byte[] message)
    {
        var writer = new NetlinkWriter();
        writer.Message(type, (ushort)(Request | Acknowledge | flags), ++_sequence);
        writer.Raw(message);
        writer.EndMessage();
        var sent = _socket.Write(writer.Bytes);
        if (sent < 0)
            return (Errno)(-sent);
        while (true)
        {
            var got = _socket.Read(_answer);
            if (got == -(int)Errno.EINTR)
                continue;
            if (got <= 0)
                return got < 0 ? (Errno)(-got) : Errno.EIO;
            if (got < NetlinkWriter.HeaderSize + sizeof(int) || BinaryPrimitives.ReadUInt16LittleEndian(_answer.AsSpan(4)) != ErrorMessage)
                return Errno.EBADMSG;
            return (Errno)(-BinaryPrimitives.ReadInt32LittleEndian(_answer.AsSpan(NetlinkWriter.HeaderSize)));
        }
    }

    public void Dispose()
    {
        _socket.Dispose();
        _dump.Dispose();
    }
}
