using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace CrCore.Kernel;

/// <summary>A thing that a new network namespace does not have.</summary>
/// <param name="Id">The obstacle that it is.</param>
/// <param name="What">For people.</param>
public readonly record struct NetworkExtra(string Id, string What);

/// <summary>
/// What was added by hand to the network namespace of the calling thread: addresses, routes, rules and queueing disciplines
/// (rtnetlink(7)). What the kernel makes by itself, once loopback is up, says so or is known.
/// </summary>
internal static class NetworkContents
{
    private const int RouteNetlink = 0;
    private const ushort GetAddress = 22, GetRoute = 26, GetRule = 34, GetQueueing = 38;

    // Attributes of linux/if_addr.h, rtnetlink.h, fib_rules.h, pkt_sched.h.
    private const int AddressLocal = 2, AddressOf = 1, RouteTo = 1, RouteGateway = 5, RulePriority = 6, RuleProtocol = 21, QueueingKind = 1;
    private const int RouteMessageSize = 12, AddressMessageSize = 8, QueueingMessageSize = 20;

    /// <summary>RTPROT_KERNEL: the kernel made it.</summary>
    private const byte OfKernel = 2;

    /// <returns>The errno when it may not be asked for everything.</returns>
    public static Errno TryRead(List<NetworkExtra> extras)
    {
        using var routes = NetlinkDump.TryOpen(RouteNetlink, out var errno);
        if (routes is null)
            return errno;
        foreach (var family in (ReadOnlySpan<byte>)[SocketFamily.Inet, SocketFamily.Inet6])
        {
            Ask(routes, GetAddress, new byte[AddressMessageSize], family, m => Address(m, extras));
            Ask(routes, GetRoute, new byte[RouteMessageSize], family, m => Route(m, extras));
            Ask(routes, GetRule, new byte[RouteMessageSize], family, m => Rule(m, extras));
        }
        return Ask(routes, GetQueueing, new byte[QueueingMessageSize], 0, m => Queueing(m, extras));
    }

    private static Errno Ask(NetlinkDump dump, ushort type, byte[] request, byte family, Action<byte[]> each)
    {
        request[0] = family;
        var messages = new List<byte[]>();
        var errno = dump.TryAsk(type, request, messages);
        foreach (var m in messages)
            each(m);
        // A kernel without IPv6 says that it does not know what it is asked for.
        return errno is Errno.EPERM or Errno.EAGAIN ? errno : Errno.None;
    }

    /// <summary>struct ifaddrmsg: family, prefix length, flags, scope, interface.</summary>
    private static void Address(byte[] m, List<NetworkExtra> extras)
    {
        if (m.Length < AddressMessageSize || (Find(m, AddressMessageSize, AddressLocal, out var bytes) || Find(m, AddressMessageSize, AddressOf, out bytes)) is false)
            return;
        var address = ToAddress(bytes);
        if (!(address.Equals(IPAddress.Loopback) && m[1] == 8) && !(address.Equals(IPAddress.IPv6Loopback) && m[1] == 128))
            extras.Add(new("CrAddressNotSaved", $"address {address}/{m[1]}"));
    }

    /// <summary>struct rtmsg: family, lengths, tos, table, protocol at 5, scope, type.</summary>
    private static void Route(byte[] m, List<NetworkExtra> extras)
    {
        const int protocol = 5, cloned = 0x200;
        if (m.Length < RouteMessageSize || m[protocol] == OfKernel || (BinaryPrimitives.ReadUInt32LittleEndian(m.AsSpan(8)) & cloned) != 0)
            return;
        var to = Find(m, RouteMessageSize, RouteTo, out var bytes) ? $"{ToAddress(bytes)}/{m[1]}" : "default";
        extras.Add(new("CrRouteNotSaved", Find(m, RouteMessageSize, RouteGateway, out var via) ? $"route {to} via {ToAddress(via)}" : $"route {to}"));
    }

    /// <summary>struct fib_rule_hdr, as long as rtmsg.</summary>
    private static void Rule(byte[] m, List<NetworkExtra> extras)
    {
        if (m.Length < RouteMessageSize || (Find(m, RouteMessageSize, RuleProtocol, out var protocol) && protocol.Length > 0 && protocol[0] == OfKernel))
            return;
        extras.Add(new("CrRouteNotSaved", $"routing rule {(Find(m, RouteMessageSize, RulePriority, out var priority) ? BinaryPrimitives.ReadUInt32LittleEndian(priority) : 0)}"));
    }

    /// <summary>struct tcmsg. Loopback has none, which is called noqueue.</summary>
    private static void Queueing(byte[] m, List<NetworkExtra> extras)
    {
        if (m.Length >= QueueingMessageSize && Find(m, QueueingMessageSize, QueueingKind, out var kind) && !kind.StartsWith("noqueue"u8))
            extras.Add(new("CrQueueingNotSaved", $"queueing discipline {Text(kind)}"));
    }

    private static bool Find(byte[] message, int fixedSize, int wanted, out ReadOnlySpan<byte> value)
    {
        var attributes = new NetlinkAttributes(message.AsSpan(fixedSize));
        while (attributes.Next(out var type, out value))
            if (type == wanted)
                return true;
        return false;
    }

    private static IPAddress ToAddress(ReadOnlySpan<byte> bytes) => bytes.Length is 4 or 16 ? new(bytes) : IPAddress.None;

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes.TrimEnd((byte)0));
}
