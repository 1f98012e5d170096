using System.Buffers.Binary;

namespace CrCore.Kernel;

/// <summary>States of a TCP socket (include/net/tcp_states.h).</summary>
public enum TcpState : byte
{
    None = 0,
    Established = 1,
    SynSent = 2,
    SynReceived = 3,
    FinWait1 = 4,
    FinWait2 = 5,
    TimeWait = 6,
    Close = 7,
    CloseWait = 8,
    LastAck = 9,
    Listen = 10,
    Closing = 11,
    NewSynReceived = 12,
    /// <summary>Only in answers of sock_diag: closed, but with a port of its own.</summary>
    BoundInactive = 13,
}

/// <summary>What sock_diag says of an Internet socket that it knows: one that is bound.</summary>
/// <param name="ReceiveQueue">Of a listening socket: connections that nobody has accepted yet.</param>
/// <param name="SendQueue">Of a listening socket: how many those may be at most.</param>
/// <param name="Shutdown">1 for reading, 2 for writing.</param>
/// <param name="HasMd5">It has TCP-MD5 keys (only told with CAP_NET_ADMIN).</param>
/// <param name="Ulp">The protocol laid over TCP (tls, mptcp), or "".</param>
public readonly record struct InetDiagEntry(TcpState State, uint Inode, uint ReceiveQueue, uint SendQueue, byte Shutdown, bool HasMd5, string Ulp);

/// <summary>Requests and answers of inet_diag (sock_diag(7), linux/inet_diag.h).</summary>
public static class InetDiag
{
    /// <summary>struct inet_diag_req_v2 and inet_diag_msg.</summary>
    public const int RequestSize = 56, MessageSize = 72;

    // Attributes (INET_DIAG_*).
    private const int ShutdownAttribute = 8, Md5Attribute = 19, UlpAttribute = 20, UlpName = 1;

    /// <summary>All sockets of a family and protocol, by inode. Those without one (closed by their program, not yet accepted) are left out.</summary>
    public static Dictionary<ulong, InetDiagEntry> List(SockDiag diag, int family, int protocol)
    {
        var entries = new Dictionary<ulong, InetDiagEntry>();
        Add(diag, family, protocol, ~(1u << (int)TcpState.BoundInactive), entries);
        // Since Linux 6.8, and only if it is asked for alone (inet_diag_dump_icsk in net/ipv4/inet_diag.c).
        if (protocol == InetProtocol.Tcp)
            Add(diag, family, protocol, 1u << (int)TcpState.BoundInactive, entries);
        return entries;
    }

    private static void Add(SockDiag diag, int family, int protocol, uint states, Dictionary<ulong, InetDiagEntry> entries)
    {
        var request = new byte[RequestSize];
        request[0] = (byte)family;
        request[1] = (byte)protocol;
        BinaryPrimitives.WriteUInt32LittleEndian(request.AsSpan(4), states);
        foreach (var message in diag.Dump(request))
            if (message.Length >= MessageSize && Parse(message) is { Inode: not 0 } entry)
                entries[entry.Inode] = entry;
    }

    internal static InetDiagEntry Parse(ReadOnlySpan<byte> message)
    {
        byte shutdown = 0;
        var md5 = false;
        var ulp = "";
        var attributes = new NetlinkAttributes(message[MessageSize..]);
        while (attributes.Next(out var type, out var value))
        {
            if (type == ShutdownAttribute && value.Length > 0)
                shutdown = value[0];
            else if (type == Md5Attribute)
                md5 = value.Length > 0;
            else if (type == UlpAttribute)
                ulp = NameOf(value);
        }
        return new((TcpState)message[1], BinaryPrimitives.ReadUInt32LittleEndian(message[68..]), BinaryPrimitives.ReadUInt32LittleEndian(message[56..]),
            BinaryPrimitives.ReadUInt32LittleEndian(message[60..]), shutdown, md5, ulp);
    }

    private static string NameOf(ReadOnlySpan<byte> ulp)
    {
        var inner = new NetlinkAttributes(ulp);
        while (inner.Next(out var type, out var value))
            if (type == UlpName)
                return System.Text.Encoding.ASCII.GetString(value.TrimEnd((byte)0));
        return "";
    }
}
