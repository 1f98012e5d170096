using System.Buffers.Binary;

namespace CrCore.Kernel;

/// <summary>Routes of all tables.</summary>
internal static class NetworkRoutes
{
    /// <summary>struct rtmsg: family, lengths, tos, table, protocol, scope, type, then flags.</summary>
    private const int TableAt = 4, ProtocolAt = 5, TypeAt = 7, FlagsAt = 8, Size = 12;

    // RTA_* of linux/rtnetlink.h.
    private const int MultiPath = 9, CacheInfo = 12, Expires = 23;
    private const byte OfKernel = 2, LocalTable = 255, UnicastType = 1;
    private const uint Cloned = 0x200;

    /// <summary>RTNH_F_PERVASIVE and RTNH_F_ONLINK: what is asked for. The rest says how it goes (dead, without a link, offloaded).</summary>
    private const byte Asked = 2 | 4;

    /// <summary>struct rtnexthop: length, flags at 2; eight bytes.</summary>
    private const int HopFlagsAt = 2, HopSize = 8;

    /// <summary>struct rta_cacheinfo: what is left of a route that ends, in hundredths of a second (USER_HZ).</summary>
    private const int ExpiresAt = 8, Hundredths = 100;

    /// <summary>
    /// IPv6 routes to the own addresses, to groups and any of a network's routers: the kernel makes and removes them as addresses
    /// come into use, some later. And what it has learnt of single destinations.
    /// </summary>
    public static bool IsOfKernelAlone(NetworkObject route)
        => (BinaryPrimitives.ReadUInt32LittleEndian(route.Message.AsSpan(FlagsAt)) & Cloned) != 0
            || (route.IsInet6 && route.Message[ProtocolAt] == OfKernel && (route.Message[TableAt] == LocalTable || route.Message[TypeAt] != UnicastType));

    /// <summary>What two listings of the same route have in common.</summary>
    public static NetworkObject Normalize(NetworkObject route) => Rewrite(route, withExpiry: false);

    /// <summary>Adds those that are missing, those last that lead over others, and takes away those that are too much.</summary>
    public static NetworkFailure? Restore(RouteNetlink routes, IReadOnlyList<NetworkObject> saved)
    {
        foreach (var family in (ReadOnlySpan<byte>)[SocketFamily.Inet, SocketFamily.Inet6])
        {
            var there = new List<NetworkObject>();
            if (NetworkContents.TryRead(routes, NetworkObjectKind.Route, family, there) is var listed && listed != Errno.None)
                return new("routes", listed);
            var due = saved.Where(one => one.Kind == NetworkObjectKind.Route && one.Message[0] == family).ToList();
            var wanted = due.Select(Normalize).ToHashSet();
            var present = there.Select(Normalize).ToHashSet();
            foreach (var one in there)
                if (!wanted.Contains(Normalize(one)) && routes.Remove(one) is var errno and not (Errno.None or Errno.ESRCH))
                    return new($"taking away the {one}", errno);
            due.RemoveAll(one => present.Contains(Normalize(one)));
            if (Add(routes, due) is { } failure)
                return failure;
        }
        return null;
    }

    private static NetworkFailure? Add(RouteNetlink routes, List<NetworkObject> due)
    {
        while (due.Count > 0)
        {
            // A gateway must be reached already: each round makes those whose way is there.
            NetworkFailure? first = null;
            var left = new List<NetworkObject>();
            foreach (var one in due)
            {
                var errno = routes.Make(Rewrite(one, withExpiry: true), one.IsInet6 ? RouteNetlink.Create : (ushort)(RouteNetlink.Create | RouteNetlink.Append));
                if (errno == Errno.None)
                    continue;
                first ??= new(one.ToString(), errno);
                left.Add(one);
            }
            if (left.Count == due.Count)
                return first;
            due = left;
        }
        return null;
    }

    private static NetworkObject Rewrite(NetworkObject route, bool withExpiry)
    {
        var writer = new NetlinkWriter();
        Span<byte> head = stackalloc byte[Size];
        route.Message.AsSpan(0, Size).CopyTo(head);
        BinaryPrimitives.WriteUInt32LittleEndian(head[FlagsAt..], head[FlagsAt] & (uint)Asked);
        writer.Raw(head);
        Span<byte> seconds = stackalloc byte[sizeof(uint)];
        var attributes = route.Attributes;
        while (attributes.Next(out var type, out var value))
            switch (type)
            {
                case CacheInfo when withExpiry && value.Length >= ExpiresAt + sizeof(int) && BinaryPrimitives.ReadInt32LittleEndian(value[ExpiresAt..]) is > 0 and var left:
                    BinaryPrimitives.WriteUInt32LittleEndian(seconds, (uint)Math.Max(1, left / Hundredths));
                    writer.Attribute(Expires, seconds);
                    break;
                case CacheInfo or Expires:
                    break;
                case MultiPath:
                    writer.Attribute(MultiPath, Hops(value));
                    break;
                default:
                    writer.Raw(attributes.Whole);
                    break;
            }
        return new(NetworkObjectKind.Route, writer.Bytes.ToArray());
    }

    private static byte[] Hops(ReadOnlySpan<byte> hops)
    {
        var copy = hops.ToArray();
        for (var rest = copy.AsSpan(); rest.Length >= HopSize;)
        {
            rest[HopFlagsAt] &= Asked;
            rest = rest[Math.Min(rest.Length, Math.Max(HopSize, (BinaryPrimitives.ReadUInt16LittleEndian(rest) + 3) & ~3))..];
        }
        return copy;
    }
}
