using System.Buffers.Binary;
using CrCore.Kernel;

namespace CrCore.Objects.Sockets.Unix;

/// <summary>A Unix socket as the kernel's list has it (linux/unix_diag.h).</summary>
/// <param name="Peer">The peer's inode; 0 when the peer has no descriptor: it was closed, or nobody has accepted it yet. Null when there is no peer.</param>
/// <param name="Pending">Of a listening socket: the inodes of those who wait to be accepted, the oldest first; 0 for one that was closed meanwhile.</param>
/// <param name="QueueLength">Of a listening socket: how many wait.</param>
/// <param name="OutLength">Of a listening socket: its backlog. Of others: memory of what it sent and nobody has read.</param>
/// <param name="Shutdown">1 for reading, 2 for writing.</param>
internal sealed record UnixDiagSocket(ulong Inode, int Type, int State, UnixAddress Name, ulong FileDevice, ulong FileInode, ulong? Peer,
    IReadOnlyList<ulong> Pending, uint QueueLength, uint OutLength, int Shutdown)
{
    /// <summary>TCP_ESTABLISHED, TCP_CLOSE and TCP_LISTEN of net/tcp_states.h: Unix sockets use them, too.</summary>
    public const int Established = 1, Unconnected = 7, Listening = 10;

    public bool IsListening => State == Listening;
}

/// <summary>All Unix sockets of a network namespace that have an inode.</summary>
internal static class UnixDiag
{
    private const int RequestSize = 24, MessageSize = 16;

    /// <summary>UDIAG_SHOW_NAME, VFS, PEER, ICONS, RQLEN.</summary>
    private const uint Show = 0x1f;

    private const int Name = 0, Vfs = 1, Peer = 2, Icons = 3, QueueLengths = 4, ShutdownState = 6;

    public static Dictionary<ulong, UnixDiagSocket> Read(ProcReader proc, int pid)
    {
        // struct unix_diag_req: family, protocol, pad, states, inode, show, cookie (none).
        Span<byte> request = stackalloc byte[RequestSize];
        request.Clear();
        request[0] = SocketFamily.Unix;
        BinaryPrimitives.WriteUInt32LittleEndian(request[4..], uint.MaxValue);
        BinaryPrimitives.WriteUInt32LittleEndian(request[12..], Show);
        request[16..].Fill(0xff);
        var sockets = new Dictionary<ulong, UnixDiagSocket>();
        using var diag = SockDiag.Open(proc, pid);
        foreach (var message in diag.Dump(request))
            if (Parse(message) is { } socket)
                sockets[socket.Inode] = socket;
        return sockets;
    }

    private static UnixDiagSocket? Parse(ReadOnlySpan<byte> message)
    {
        // struct unix_diag_msg: family, type, state, pad, inode, cookie.
        if (message.Length < MessageSize)
            return null;
        var socket = new UnixDiagSocket(U32(message[4..]), message[1], message[2], UnixAddress.None, 0, 0, null, [], 0, 0, 0);
        var attributes = new NetlinkAttributes(message[MessageSize..]);
        while (attributes.Next(out var type, out var value))
            socket = (type, value.Length) switch
            {
                (Name, _) => socket with { Name = UnixAddress.FromPath(value) },
                (Vfs, >= 8) => socket with { FileInode = U32(value), FileDevice = UserDevice(U32(value[4..])) },
                (Peer, >= 4) => socket with { Peer = U32(value) },
                (Icons, _) => socket with { Pending = Inodes(value) },
                (QueueLengths, >= 8) => socket with { QueueLength = U32(value), OutLength = U32(value[4..]) },
                (ShutdownState, >= 1) => socket with { Shutdown = value[0] },
                _ => socket,
            };
        return socket;
    }

    private static ulong[] Inodes(ReadOnlySpan<byte> value)
    {
        var inodes = new ulong[value.Length / 4];
        for (var i = 0; i < inodes.Length; i++)
            inodes[i] = U32(value[(4 * i)..]);
        return inodes;
    }

    /// <summary>The kernel gives its own form of a device number, 12 bits and 20 (linux/kdev_t.h); stat(2) gives another (new_encode_dev).</summary>
    private static ulong UserDevice(uint kernel)
    {
        var (major, minor) = (kernel >> 20, kernel & 0xfffff);
        return minor & 0xff | major << 8 | (minor & ~0xffu) << 12;
    }

    private static uint U32(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt32LittleEndian(bytes);
}
