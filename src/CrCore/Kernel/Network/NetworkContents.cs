using System.Buffers.Binary;
using System.Text;

namespace CrCore.Kernel;

/// <summary>A thing that a network namespace has, and that cannot be made again.</summary>
/// <param name="Id">The obstacle that it is.</param>
/// <param name="What">For people.</param>
public readonly record struct NetworkExtra(string Id, string What);

/// <summary>
/// What the network namespace of the calling thread consists of: interfaces, addresses, routes, rules and lasting neighbours
/// (rtnetlink(7)), and what of it is not saved.
/// </summary>
internal static class NetworkContents
{
    private const int RouteNetlinkProtocol = 0, QueueingMessageSize = 20, HandleAt = 8, QueueingKind = 1, RouteByNextHop = 30;
    private const ushort GetQueueing = 38;

    /// <summary>NUD_PERMANENT of linux/neighbour.h; struct ndmsg has the state at 8.</summary>
    private const int Permanent = 0x80, StateAt = 8;

    private static readonly NetworkObjectKind[] _kinds = [NetworkObjectKind.Address, NetworkObjectKind.Route, NetworkObjectKind.Neighbor, NetworkObjectKind.Rule];

    /// <summary>Adds everything, by kind and then by family, in the kernel's order; what the kernel makes by itself at any time is left out.</summary>
    /// <returns>The errno when it may not be asked for everything.</returns>
    public static Errno TryRead(List<NetworkObject> objects)
    {
        using var routes = RouteNetlink.TryOpen(out var errno);
        return routes is null ? errno : TryRead(routes, objects);
    }

    private static Errno TryRead(RouteNetlink routes, List<NetworkObject> objects)
    {
        if (NetworkLinks.TryRead(routes, objects) is var listed && listed != Errno.None)
            return listed;
        foreach (var kind in _kinds)
            foreach (var family in (ReadOnlySpan<byte>)[SocketFamily.Inet, SocketFamily.Inet6])
                if (TryRead(routes, kind, family, objects) is var errno && errno != Errno.None)
                    return errno;
        return Errno.None;
    }

    /// <summary>Those of one kind and address family.</summary>
    public static Errno TryRead(RouteNetlink routes, NetworkObjectKind kind, byte family, List<NetworkObject> objects)
    {
        var all = new List<NetworkObject>();
        var errno = routes.List(kind, family, all);
        foreach (var one in all)
            if (kind switch { NetworkObjectKind.Route => !NetworkRoutes.IsOfKernelAlone(one), NetworkObjectKind.Neighbor => IsPermanent(one), _ => true })
                objects.Add(one);
        return errno;
    }

    /// <summary>Adds everything, and what of it cannot be made again, but for interfaces.</summary>
    public static Errno TryRead(List<NetworkObject> objects, List<NetworkExtra> extras)
    {
        if (TryRead(objects) is var errno && errno != Errno.None)
            return errno;
        foreach (var one in objects)
            if (one.Kind == NetworkObjectKind.Route && one.Find(RouteByNextHop).Length > 0)
                extras.Add(new("CrRouteNotSaved", $"{one}, by a next hop object"));
        using var dump = NetlinkDump.TryOpen(RouteNetlinkProtocol, out errno);
        var disciplines = new List<byte[]>();
        errno = dump?.TryAsk(GetQueueing, new byte[QueueingMessageSize], disciplines) ?? errno;
        foreach (var m in disciplines)
            Queueing(m, extras);
        return errno is Errno.EPERM or Errno.EAGAIN ? errno : Errno.None;
    }

    private static bool IsPermanent(NetworkObject neighbor) => (BinaryPrimitives.ReadUInt16LittleEndian(neighbor.Message.AsSpan(StateAt)) & Permanent) != 0;

    /// <summary>struct tcmsg: the handle at 8, which those have that somebody made.</summary>
    private static void Queueing(byte[] m, List<NetworkExtra> extras)
    {
        if (m.Length < QueueingMessageSize || BinaryPrimitives.ReadUInt32LittleEndian(m.AsSpan(HandleAt)) == 0)
            return;
        var attributes = new NetlinkAttributes(m.AsSpan(QueueingMessageSize));
        while (attributes.Next(out var type, out var kind))
            if (type == QueueingKind)
                extras.Add(new("CrQueueingNotSaved", $"queueing discipline {Encoding.UTF8.GetString(kind.TrimEnd((byte)0))}"));
    }
}
